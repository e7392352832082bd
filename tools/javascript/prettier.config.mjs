// Widths as everywhere in this repository; the rest as OCA's addons have it, with Odoo's own spaces in braces.
import xml from "@prettier/plugin-xml";

export default {
    plugins: [xml],
    printWidth: 120,
    tabWidth: 4,
    trailingComma: "es5",
    xmlWhitespaceSensitivity: "preserve",
};
