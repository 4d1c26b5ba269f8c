# The words of mails. Every language has the same messages with the same arguments.
language = English

# Below every mail.
footer = OrganicAgent at { $site }

reset-subject = Set a new password
reset-text = Somebody, probably you, asked for a new password for { $email }.
reset-button = Set a new password
link-note = The link holds for an hour and for one use.
reset-note = If it was not you, there is nothing to do: your password stays as it is.

known-subject = You have an account already
known-text = Somebody, probably you, wanted to sign up with { $email }. This address has an account already, so there is nothing to sign up for.
known-button = Sign in
known-note = If you have forgotten the password, ask for a new one on the page where you sign in. If it was not you, there is nothing to do.

sign-up-subject = Finish signing up
sign-up-text = One step is left: follow the link, and your office is ready.
sign-up-button = Finish signing up
sign-up-note = If it was not you who signed up with { $email }, there is nothing to do: no account is made.

address-subject = Confirm your new e-mail address
address-text = The account of { $old } is to sign in with { $new } from now on.
address-button = Confirm the new address
address-note = If it was not you, there is nothing to do: nothing is changed.

changed-subject = Your e-mail address was changed
changed-text = Your account signs in with { $new } now, and no longer with { $old }.
changed-note = If it was not you, somebody else knows your password: tell whoever runs this server at once.

webhook-failing-subject = A webhook fails: { $host }
webhook-failing-text = { $host } has not accepted an event since { $since }. Every event is tried again for about three days.
webhook-soon-subject = A webhook is about to be disabled: { $host }
webhook-soon-text = { $host } has not accepted an event since { $since }. If that goes on for another day, the webhook is disabled; events are then held until you enable it again.
webhook-disabled-subject = A webhook was disabled: { $host }
webhook-refused-text = { $host } accepted no event for five days, so its webhook was disabled. New events are held until you enable it again.
webhook-gone-text = { $host } answered that it is gone (410), so its webhook was disabled. New events are held until you enable it again.
webhook-error = What went wrong last
webhook-button = Look at the webhook

new-leads-subject = { $count ->
    [one] New lead: { $name }
   *[other] { $count } new leads
}
new-leads-heading = { $count ->
    [one] A new lead
   *[other] { $count } new leads
}
new-leads-more = { $count ->
    [one] And one more.
   *[other] And { $count } more.
}
many-leads-heading = More than { $count } new leads
lead-email = E-mail
lead-phone = Phone
lead-property = Property
lead-source = Source
lead-message = Message
lead-open = Open the lead
leads-open = See all leads
leads-note = To have no more of these mails: { $url }

showings-requested-subject = { $count ->
    [one] { $name } asks for a showing
   *[other] { $count } showings are asked for
}
showings-requested-text = { $count ->
    [one] Choose a time, or decline: one tap, and you need not sign in.
   *[other] Choose a time for each, or decline: one tap, and you need not sign in.
}
showings-more = { $count ->
    [one] And one more.
   *[other] And { $count } more.
}
showing-client = Client
showing-time = Time
showing-notes = Notes
showing-confirm = Confirm { $time }
showing-times = Another time
showing-decline = Decline
showing-open = Open the showing
showings-open = See all showings
showing-link-note = Each link asks once more before anything is done. Do not pass this mail on: whoever has it can answer for you.
reminder-subject = Showing at { $time }: { $address }
reminder-heading = A showing is near
mails-note = To have no more of these mails: { $url }

inquiry-contact-subject = Your message has arrived
inquiry-contact-text = Thank you. { $agent } has your message and will answer you soon.
inquiry-question-subject = Your question has arrived
inquiry-question-text = Thank you. { $agent } has your question about { $address } and will answer you soon.
inquiry-valuation-subject = Your request for a home valuation has arrived
inquiry-valuation-text = Thank you. { $agent } has what you told about your home and will come back to you with what it could be worth.
inquiry-reply = To add something, reply to this mail: it goes to { $agent }.
inquiry-button = See the website
inquiry-note = You get this mail because { $email } was given on the website of { $agent }. If it was not you, there is nothing to do.
guide-subject = Your guide: { $title }
guide-text = Thank you for your interest. Here is “{ $title }” from { $agent }.
guide-button = Download the guide (PDF)
guide-note = The link works for seven days. After that, ask for the guide again on the website.

# A time. $weekday and $month are words from below; $time is hours and minutes.
moment = { $weekday }, { $month } { $day }, { $time }
weekdays = Mon Tue Wed Thu Fri Sat Sun
months = Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec

# On a device, by Web Push.
push-source = From { $source }
push-more = { $count ->
    [one] { $names } and one more
   *[other] { $names } and { $count } more
}
push-test-title = This device is told
push-test-text = A lead or a request that comes in shows up like this.

unknown-subject = A message from OrganicAgent
unknown-text = This mail cannot be shown: its key is gone, or a newer version made it.
