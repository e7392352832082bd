import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";

/**
 * A message as a person sees it: its picture, or its text where it has no picture, with subject, preview text and
 * sender beside it.
 *
 * The picture is a page of Odoo's in a frame that may do nothing: see controllers/preview.py.
 */
export class MailPreview extends Component {
    static template = "marketing_automation.MailPreview";
    static props = {
        mail: Object, // what mailing.mailing get_marketing_preview returns
        width: { type: Number, optional: true }, // of the picture, in pixels
        height: { type: Number, optional: true },
        isBeside: { type: Boolean, optional: true }, // the picture is small, beside the words
        scrolls: { type: Boolean, optional: true }, // all of it can be read
        close: { type: Function, optional: true }, // of a popover
    };
    static defaultProps = { width: 244, height: 150, isBeside: false, scrolls: false };

    get frameLabel() {
        return _t("Picture of “%s”", this.props.mail.subject);
    }

    get boxStyle() {
        return `width: ${this.props.width}px; height: ${this.props.height}px;`;
    }

    get frameStyle() {
        const { width } = this.props.mail;
        const scale = this.props.width / width;
        return `width: ${width}px; height: ${Math.ceil(this.props.height / scale)}px; transform: scale(${scale});`;
    }
}
