"""Sentences of the made-up groups in which identifiers stand, by what they are about; a star begins a sentence.

{person}   somebody of the roster, in any form of a name that fits anywhere; {person's} with a possessive ending
{speaker}  the one who speaks; {moderator}; {initials}, {letters}, {broken}, {mailbox} of a name of the roster
{place}, {site}  a place and an organization that were given as known
{third}, {friend}, {doctor}  a third party by full or first name, by first name, by a title and last name
{again}    a third party that was named before
Everything else names a kind of identifier. What stands in square brackets with a slot may be replaced with it, without
being wrong. Halves as in `pseudonymization_names`.
"""

from typing import Final

from benchmarks.pseudonymization_talk import sentences

_PERSON: Final = """
    * I agree with {person}, it's the small steps that count.
    * {person}, can I just come in there?
    * It's like {person} said before, you can't rush it.
    * {person} and {person} have done it longer than the rest of us.
    * Thank you, {person}, that was what I was thinking too.
    * I was going to say the same as {person}, really.
    * So when {person} was ill I had to take the whole group alone.
    * No, that was {person}, not me.
    * Ask {person}, she was there from the beginning.
    * And {person} laughed, do you remember, in the middle of the relaxation exercise.
    * What do you think, {person}?
    * He told {person} in the corridor that he would not come back.
    * Go ahead, {person}, you were first.
    * With {person} next to me I'm not nervous at all.
    * I wrote it down, {person} wanted to come back to that.
    * {person}? Are you still with us?
    * Yesterday {person} showed me the new binder.
    * Sorry, {person}, I interrupted you.
    * We are a good team, {person} and me.
    * There, I said it, now {person} can be angry with me.
"""
_PERSONS: Final = """
    * That was {person's} idea from the start.
    * I don't share {person's} view on that, with all respect.
    * It happened in {person's} group, not in mine.
    * Can I build on {person's} example?
    * We borrowed {person's} handouts and made copies.
    * I sat in {person's} office and we went through the list.
    * To come back to {person's} point about homework.
    * Most of them were {person's} patients before.
    * Then it was {person's} turn to say something and nobody breathed.
    * The flip chart is {person's}, mine was stolen.
"""
_SPEAKER: Final = """
    * I'm {speaker}, I've been with the group since the start.
    * My name is {speaker} and I work mostly in the evenings.
    * {speaker} here, sorry that I'm late.
    * So, {speaker}, that's me, and I'm a nurse.
    * They call me {speaker} at work.
    * Hi, {speaker}, nice to meet you all.
    * Yes, {speaker} speaking, the line was bad.
    * I'm called {speaker}, and I've worked nights for most of my life.
"""
_MODERATOR: Final = """
    * Can I ask you something, {moderator}?
    * Well, {moderator}, you have heard this before I guess.
    * {moderator} sent us the questions in advance, so I had time to think.
    * I told {moderator} on the phone that I might have to leave early.
    * That's a hard one, {moderator}, let me think.
    * As {moderator} said in the beginning, we don't have to agree.
"""
_LETTERS: Final = """
    * It's spelled {letters}, if you need it for the form.
    * For the list, that is {letters}, right?
    * No, with a different spelling, {letters}.
    * The name tag should say {letters}.
    * People always get it wrong, so {letters}, please.
    * How do I write that, {letters}?
"""
_INITIALS: Final = """
    * On the board it only says {initials}, so I didn't know who that was.
    * In the minutes it's {initials} who takes that on.
    * The one who signed was {initials}, if I read it right.
    * I put {initials} behind it in the rota.
    * It was {initials} in the log, no full name.
    * We only use initials there, so {initials} and the date.
"""
_BROKEN: Final = """
    * And then {broken}- // sorry, go on.
    * What {broken}- // no, let me finish, please.
    * But {broken}- // can I just, can I say one thing?
    * I think {broken}- // yes, exactly that.
    * Well, {broken}- // hang on, hang on.
    * Because {broken}- // that's not how I see it.
"""
_MAILBOX: Final = """
    * You can write to me, it's {mailbox}.
    * Send it to {mailbox}, that works best.
    * My mail is {mailbox} if anybody wants the handout.
    * Just use {mailbox}, I read it every day.
    * It bounced, I had typed {mailbox} and that was wrong.
    * Is it still {mailbox}, or did they change that?
"""
_PLACE: Final = """
    * Here in {place} everybody knows everybody.
    * When we came to {place} the program was brand new.
    * The people from {place} drive for an hour to get to the group.
    * I don't think {place} has had a group since then.
    * There are only two of us left in {place}.
    * In winter you can't get over the mountain to {place}.
"""
_SITE: Final = """
    * At {site} we do it in pairs.
    * I heard that {site} has stopped offering it.
    * The manager of {site} came by once.
    * Before that it was {site} that ran the course.
    * The best leaders came out of {site}, no doubt.
    * They merged us with {site} and then everything changed.
"""
_THIRD: Final = """
    * My colleague {third} does the first part and I do the rest.
    * I called {third} about it and heard nothing for a month.
    * It was {third} who brought the program here.
    * We had a student, {third}, and she was brilliant with them.
    * My boss, {third}, wants numbers every quarter.
    * There was a man in the group called {third} and he never missed a meeting.
    * You should talk to {third}, that's the one who knows.
    * I learned it from {third}, years ago.
    * And {third} from the kitchen joined us for the cake.
    * So {third}'s mother phoned, and she wanted to know everything.
    * The new one, {third}, starts after the summer.
    * {third} used to say that the book is only a stick to lean on.
    * One of my patients, {third}, wrote a poem about it.
    * Nobody told {third} that the room was taken.
    * I went with {third} to the first training.
    * Her supervisor was {third}, and that was hard.
"""
_FRIEND: Final = """
    * My husband {friend} says I talk in my sleep about it.
    * My daughter {friend} is the same age as some of them.
    * My son {friend} asked me what I do all day.
    * {friend}, my wife, she's a nurse too.
    * A boy, {friend}, came with his grandmother.
    * My sister {friend} had it, so I know it from the other side.
    * There's this lady, {friend}, and she brings flowers every single time.
    * My neighbor {friend} was in a group like that.
    * I thought of {friend} then, who lost everything that winter.
    * Little {friend} was born while I was in the training.
"""
_DOCTOR: Final = """
    * {doctor} signed the papers without reading them.
    * We asked {doctor} to come to the meeting.
    * I had {doctor} as my teacher, strict but fair.
    * Then {doctor} said no, not on this ward.
    * The family wanted to see {doctor} first.
    * {doctor} retired and nobody took over.
    * It took {doctor} two minutes to say no.
    * If {doctor} hadn't pushed, we would have no group.
"""
_AGAIN: Final = """
    * And {again} said that it would never work.
    * So I went back to {again} and asked.
    * That was typical {again}.
    * But {again} came anyway.
    * With {again} it was different.
    * I still have a card from {again} on my wall.
    * Then {again} got better, slowly.
    * Even {again} laughed.
"""
_TOWN: Final = """
    * I trained in {town} and came here after that.
    * They moved from {town} when the kids were small.
    * The conference in {town} was where I first heard of it.
    * In {town} they have four groups running.
    * He goes to {town} every weekend to see his father.
    * I grew up in {town}, you can hear that.
    * It started in {town}, I believe.
    * She took the bus all the way from {town}.
"""
_SMALL: Final = """
    * I live in {small}, it's a half hour by car.
    * He comes from {small}, there are two hundred people there.
    * There's no bus to {small} after six.
    * We did home visits out in {small}.
    * She grew up on a farm in {small}.
    * They have a cabin near {small}.
    * The shop in {small} closed, and that was his job.
    * Everybody in {small} knew within a day.
"""
_REGION: Final = """
    * In {region} the distances are the problem.
    * All the teams in {region} got the same training.
    * I'm from {region} originally.
    * They wanted to try it in {region} first.
    * There's nothing like it in the whole of {region}.
    * Up in {region} people don't talk about such things.
    * We have the biggest group in {region}.
    * It spread from {region} to the rest.
"""
_HOSPITAL: Final = """
    * I started at {hospital} right after school.
    * The ward at {hospital} was closed that winter.
    * He was transferred to {hospital} in the night.
    * We visited {hospital} to see how they do it.
    * {hospital} has trained nearly everybody.
    * My mother was a patient at {hospital}.
"""
_CLINIC: Final = """
    * Now I work at {clinic}, two days a week.
    * They referred her to {clinic} afterwards.
    * Is anybody here from {clinic}?
    * {clinic} never answered the letter.
    * We share the leaders with {clinic}.
    * The group at {clinic} meets in the evening.
    * The waiting list at {clinic} is shorter.
    * My first patient came through {clinic}.
"""
_SCHOOL: Final = """
    * He wanted to go back to {school}.
    * My kids go to {school}, so I know some of the parents.
    * She was a teacher at {school} before she got ill.
    * We rent a room at {school} for the family evenings.
    * They showed the film at {school} one evening.
    * She dropped out of {school} and never told anyone.
    * The nurse from {school} called me about him.
    * I sang in the choir at {school} with two of them.
"""
_EMPLOYER: Final = """
    * One got a job at {employer} after the program.
    * He drove a truck for {employer} until he broke down.
    * My husband works for {employer}.
    * {employer} took two of ours on a trial.
    * She cleaned offices for {employer} at night.
    * The boss at {employer} was understanding.
    * He was fired from {employer} the same week.
    * They had an agreement with {employer} about training places.
"""
_STREET: Final = """
    * The new place is in {street}, up the hill.
    * She lives in {street}, on the third floor.
    * We moved the group to {street}.
    * You'll find us at {street}, next to the bakery.
    * The old office was {street}, it smelled of cabbage.
    * He gave {street} as his address but nobody lived there.
    * We deliver the folders to {street}.
    * From {street} you can walk to the group.
"""
_POSTCODE: Final = """
    * The [postcode is {postcode}], I think.
    * Send it to [postal code {postcode}].
    * It only goes to {postcode}, not further.
    * The address ends with {postcode}.
    * You need to put [postcode {postcode}] on the envelope.
    * In the register there were three with [postal code {postcode}].
"""
_PHONE: Final = """
    * My number is {phone}, you can call any time.
    * Call the desk at {phone} and ask for me.
    * It's {phone} if you get lost.
    * I still know it by heart, {phone}.
    * The phone in the group room is {phone}.
    * Text me on {phone}.
"""
_EMAIL: Final = """
    * The address is {email}, for the referrals.
    * I got a mail from {email} about the rooms.
    * You write to {email} and then they call you.
    * Send the forms to {email}, please.
    * Everything ends up at {email} anyway.
    * I tried {email} but got no answer.
"""
_URL: Final = """
    * It's all on {url}, the whole manual.
    * Look at {url}, there's a film.
    * They put us on {url} with a picture.
    * You sign up at {url}.
    * There is a form on {url} for that.
    * Somebody put our schedule on {url}.
"""
_DATE: Final = """
    * We started on {date}, I remember because it snowed.
    * The last meeting was {date}.
    * She came in on {date} and left before the summer.
    * It was decided on {date}.
    * My first day was {date}.
    * They closed the ward on {date}.
    * He was born on {date}, it's in his papers.
    * On {date} the whole team was there.
    * The letter is dated {date}.
    * I have it in my calendar, {date}, ten o'clock.
"""
_YEAR: Final = """
    * I've done this since {year}.
    * We began in {year} with one group.
    * The ward burned down in {year}.
    * I finished school in {year}.
    * It came to us around {year}, I would guess.
    * He was admitted in {year} for the first time.
    * The training was back in {year}.
    * From {year} on we did it in the evenings.
    * That must have been {year}, the year of the flood.
    * The first manual we had was from {year}.
"""
_AGE: Final = """
    * [I'm {age}], so I've seen programs come and go.
    * He is [{age} years old] and lives with his parents.
    * [She was {age}] when she got ill.
    * There was a man, [{age} years old], who never spoke.
    * I just [turned {age}].
    * At [the age of {age}] she went back to school.
    * A [{age} year old] woman from my group did that.
    * My mother [is {age}] and still works.
    * The youngest [was {young}] and the others double that.
    * [He's {age}] now, and he has a flat of his own.
    * We had a grandmother of {age} in the group.
    * Imagine, [{age} years old] and on her own.
    * [Aged {age}], he learned to cook.
    * My brother is [{age}], and he's been in three groups.
"""
_NATIONAL: Final = """
    * They asked for the number, {national}, and I just read it out.
    * It says {national} on the form.
    * His personal number was {national}, he knew it by heart.
    * You need the national number, mine is {national}.
    * The letter had {national} in the subject, can you believe it.
    * She wrote {national} on the back of the handout.
"""
_ROLE: Final = """
    * I'm {role}, so they all know who I am.
    * She is {role}, you must have seen her in the paper.
    * He was {role} at the time.
    * As {role} you are rather alone.
    * He introduced himself as {role}.
    * They sent us {role}, of all people.
    * It was {role} who opened the door for us.
    * You can't hide when you are {role}.
"""
_OPTIONAL: Final = """
    * With {family} I'm glad when I get to work at all.
    * She has {illness}, there are ten people in the country who do.
    * I got {award} for it, can you imagine.
    * It's {workplace}, so you can guess which one it is.
    * My parents came from {country}.
    * I have {family}, so the evenings are difficult.
    * He was the one with {illness}.
    * He won {award}, it was in the news.
    * We're in {workplace}.
    * In {country} it would have been the family's job.
"""


SENTENCES: Final = {
    "person": sentences(_PERSON),
    "persons": sentences(_PERSONS),
    "speaker": sentences(_SPEAKER),
    "moderator": sentences(_MODERATOR),
    "letters": sentences(_LETTERS),
    "initials": sentences(_INITIALS),
    "broken": sentences(_BROKEN),
    "mailbox": sentences(_MAILBOX),
    "place": sentences(_PLACE),
    "site": sentences(_SITE),
    "third": sentences(_THIRD),
    "friend": sentences(_FRIEND),
    "doctor": sentences(_DOCTOR),
    "again": sentences(_AGAIN),
    "town": sentences(_TOWN),
    "small": sentences(_SMALL),
    "region": sentences(_REGION),
    "hospital": sentences(_HOSPITAL),
    "clinic": sentences(_CLINIC),
    "school": sentences(_SCHOOL),
    "employer": sentences(_EMPLOYER),
    "street": sentences(_STREET),
    "postcode": sentences(_POSTCODE),
    "phone": sentences(_PHONE),
    "email": sentences(_EMAIL),
    "url": sentences(_URL),
    "date": sentences(_DATE),
    "year": sentences(_YEAR),
    "age": sentences(_AGE),
    "national": sentences(_NATIONAL),
    "role": sentences(_ROLE),
    "optional": sentences(_OPTIONAL),
}
"""By what they are about."""
