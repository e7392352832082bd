-- a copy of a database sends no SMS of a campaign
UPDATE sms_sms
   SET state = 'canceled'
 WHERE state IN ('outgoing', 'process')
   AND uuid IN (SELECT tracker.sms_uuid
                  FROM sms_tracker tracker
                  JOIN mailing_trace trace ON trace.id = tracker.mailing_trace_id
                 WHERE trace.marketing_trace_id IS NOT NULL);
