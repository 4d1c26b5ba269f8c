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
