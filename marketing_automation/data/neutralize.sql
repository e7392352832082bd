-- a copy of a database executes no campaign and sends no mail of one
UPDATE marketing_campaign
   SET state = 'stopped',
       stop_reason = 'This database is a copy: start the campaign again if it shall run here.'
 WHERE state = 'running';

UPDATE mail_mail
   SET state = 'cancel'
 WHERE marketing_trace_id IS NOT NULL
   AND state = 'outgoing';
