# The public pages. A message has the same name and the same arguments in every language.
language = English
skip = Skip to the content
menu = Menu
languages = Languages
menu-listings = Homes for sale
menu-sold = Sold
menu-guides = Guides
menu-about = About
menu-contact = Contact
call = Call { $phone }
licence = Licence { $licence }
rights = © { $year } { $name }
made-with = Made with OrganicAgent

missing-title = There is no such page
missing-text = It may have been moved, or the address has a typing error.
gone-title = This home is no longer on offer
gone-text = The listing was taken off the market. There may be another that suits you.
to-listings = See the homes for sale
to-home = To the home page

home-kicker = Real estate
home-kicker-area = Real estate in { $area }
home-description = { $name }: { $place }. Homes for sale, free guides and a straight answer to your questions.
home-headline = Find the home that fits your life
home-intro = I help people buy and sell with calm, clear advice and nothing left to chance.
home-new = Homes for sale
home-new-all = See all homes
home-none = No homes are listed at the moment. Write to me: I hear of many before they are listed.
home-guides = Free guides
home-guides-intro = Short, useful and free: what I tell every client before they begin.
home-areas = Where I work
home-about = About { $name }
home-about-more = More about me
home-contact = Thinking of a move?
home-contact-text = Ask me anything. You get an answer from me, not from a machine.
home-contact-button = Write to me
spoken = I speak { $languages }

short-beds = { $count } bd
short-baths = { $count } ba
short-size = { $size } sq ft
photo-alt = Photo { $number } of { $address }
photo-none = No photo yet

status-active = For sale
status-coming-soon = Coming soon
status-active-under-contract = Under contract
status-pending = Pending
status-closed = Sold

listing-back = All homes
listing-about = About this home
listing-ask = Ask about this home
photos = Photos

guides-title = Free guides
guides-intro = What I tell every client before they begin, to read at your own pace.
guides-description = Free guides by { $name } for buyers and sellers.
guides-none = There are no guides yet.
guide-get = Get the guide
guide-inside = What is inside
guide-description = { $title }: a free guide by { $name }.
guide-by = By { $name }

about-title = About { $name }
about-description = Who { $name } is, where { $name } works and how to get in touch.
about-areas = Where I work
about-languages = Languages

# The forms by which a visitor becomes a lead.
form-name = Your name
form-email = E-mail
form-phone = Phone
form-optional = optional
form-reach = An e-mail address or a phone number is enough.
form-address = Address of your home
form-address-hint = Street, number and town
form-message = Message
form-message-question = Your question
form-message-valuation = What should I know about it?
form-trap = Leave this field empty
form-send = Send the message
form-ask = Send the question
form-value = Ask for a valuation
form-get = Send me the guide
form-consent = By sending this you agree that { $name } may answer you by e-mail, phone or text message. It is not a condition of buying or selling anything.
form-wrong = Not sent yet. Please look at the fields marked below.
form-missing = Please fill this in.
form-no-reach = Please give an e-mail address or a phone number, so that I can answer.
form-no-address = Please check this: an e-mail address looks like jane@example.com.
form-too-long = Please shorten this to { $count } characters.
form-many-title = That was a lot at once
form-many-text = Many messages came from your connection within a minute. Please wait a minute and send yours again.

contact-title = Write to me
contact-description = Write to { $name }: questions about buying, selling or a home you have seen.
contact-intro = Ask me anything about buying or selling. You get an answer from me, not from a machine.
contact-valuation = Would you rather know what your home is worth?
contact-valuation-link = Ask for a home valuation
valuation-title = What is your home worth?
valuation-description = Ask { $name } what your home could sell for: free, and with no obligation.
valuation-intro = Tell me where it is. I look at what sold nearby and come back to you with a figure and the reasons for it.
valuation-step-1 = I compare it with what sold nearby lately.
valuation-step-2 = I tell you what it could bring, and what would raise it.
valuation-step-3 = It is free, and you need not do anything with it.
valuation-how = How it goes

thanks-contact = Thank you, your message has arrived
thanks-question = Thank you, your question has arrived
thanks-valuation = Thank you, your request has arrived
thanks-guide = Thank you, here is your guide
thanks-text = You will hear from me soon. If you gave an e-mail address, a confirmation is on its way to it.
thanks-guide-text = Download it now. The link is also on its way to your e-mail address, and works for seven days.
thanks-guide-later = The link to it is on its way to your e-mail address.
thanks-download = Download the guide (PDF)
download-over-title = This link is over
download-over-text = Links to a guide work for seven days. Ask for the guide again, and you get a new one at once.
download-over-button = Get a new link
download-none-title = There is no guide here
download-none-text = The link is not complete, or the guide is not offered any more.
