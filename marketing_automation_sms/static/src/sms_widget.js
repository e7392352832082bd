import { SmsWidget } from "@sms/components/sms_widget/fields_sms_widget";
// Odoo's own count of links, which the one below completes
import "@mass_mailing_sms/components/sms_widget/fields_sms_widget";
import { patch } from "@web/core/utils/patch";

// As long as what sms_sms.py appends to the links of a campaign's SMS
const SIGNATURE = `?s=${"x".repeat(10)}`;

patch(SmsWidget.prototype, {
    /**
     * Count the signature of the links in the template of a campaign.
     *
     * @override
     */
    _getValueForSmsCounts() {
        const value = super._getValueForSmsCounts(...arguments);
        const link = this.linkReplacementsPlaceholders?.link;
        return link && this.props.record.data.use_in_marketing_automation
            ? value.replaceAll(link, link + SIGNATURE)
            : value;
    },
});
