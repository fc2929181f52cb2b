"""What people in the made-up groups say without naming anybody: talk, short answers, and traps for recognizers.

(a|b|c) stands for one of them by lot; a star begins a sentence. Nothing here is an identifier: what a recognizer
proposes of it is wrong. Halves as in `pseudonymization_names`.
"""

from typing import Final

_TALK: Final = """
    * I think (the manual|the workbook|the program|the whole thing) is (too long|a bit heavy|quite dry|fine, really)
      for (most of them|a bad week|people who are tired|the ones who come in late).
    * For me the core is (hope|that they set a goal|the goals|that somebody listens), (and the rest is
      paper|everything else comes after that|that's it really).
    * We (start|begin|usually start) with (coffee|a round|how the week has been|what they remember from last time),
      and then we (open the book|look at the handout|get going).
    * It's (not easy|hard|kind of difficult) to (keep the structure|follow the manual|stay on the module) when
      (somebody is crying|half of them are new|they want to talk about money|nobody has done the homework).
    * They (tell each other|ask each other|learn from each other) things that (we could never say|no book can
      say|staff would never hear).
    * You have to (slow down|wait|let them finish|leave the silence alone), even if (the clock is ticking|you have
      ten more pages|it feels awkward).
    * I used to (lecture|talk far too much|explain everything), now I (mostly ask|sit on my hands|try to listen).
    * The (medication|relapse|stress|social support) module is the one (they like best|we always skip|that takes
      forever|where people wake up).
    * So what we did was we (split the group|made it shorter|dropped the video|wrote our own handout), and that
      (helped a lot|worked better than I thought|was not in the manual, I know).
    * There is (a lot of|quite some|always a bit of) resistance in the beginning, (from the staff too|and then it
      goes|you can feel it in the room).
    * I would (never|not|hardly ever) (read it aloud|go through the whole list|use the rating scale) with (somebody
      that unwell|a new group|people who just arrived).
    * What I like is that (they own it|it is theirs|they can take it home|the family can read it too).
    * And the (nurses on the ward|people at the front desk|other professions|managers) (don't know what it is|think
      it's a course|never ask about it|just see the rota).
    * It takes (a year|nine months|longer than they told us|forever) if you do it (properly|by the book|every week).
    * Some of them (drop out|stop coming|get worse|go back to work) before we (get to|even reach|have done) the plan
      for staying well.
    * You know, (recovery|getting better|a small step) for one person is (to get out of bed|to answer the phone|to
      cook dinner|to take the bus) and for another it's (a job|a flat|seeing the kids again).
    * I was (sceptical|a bit against it|really tired of programs) at first, (to be honest|I must say|I can admit
      that now).
    * We (don't have|never got|could use) (time for supervision|enough rooms|anybody to cover|a proper projector).
    * When (the two of us|both leaders|we) are there it (flows|works|is a different group), and alone it's (just
      exhausting|not the same|mostly crowd control).
    * It (gives|gave) me a (language|way to talk|kind of map) for things that I (did anyway|already knew|had no
      words for).
    * But is that (the program|the method|the group) or is it just (us being there|time|being together)?
    * Well, (the goal setting|homework|role play|the follow-up) is (where it stops|where the work is|the part I
      dread).
    * They (laugh|argue|eat cake|go quiet), and (suddenly|after a while|in the break) somebody says (the most
      important thing|what everybody thinks|that they have stopped sleeping).
    * I (print|copy|cut out) the pages (the evening before|in the morning|when I remember), because (they lose the
      folder|the binder scares people|nobody brings the book).
    * If you (ask me|want my opinion|go by the scale), (fidelity|the score|the checklist) is (not the point|only
      half of it|useful for the managers).
    * We had a (discussion|big fight|long talk) about (whether they can bring a friend|who decides the pace|the
      wording|what to do with the phones).
    * And then you (stand there|sit there|are there) with (a plan for six people|eight handouts|all your pages) and
      (two show up|only one comes|it's raining and nobody comes).
    * As a (nurse|social worker|therapist|psychologist) you are (trained to help|used to fixing things|supposed to
      know), and here you (step back|hold back|have to trust them).
    * (Not everything|Some of it|Half of it) fits (our culture|the ward|how people live), so we (translate it|leave
      it out|find our own examples).
    * My (best|worst|first) group was (so small|all men|people who had known each other for years), and (it changed
      me|I still think of it|we never finished).
    * (Honestly|Actually|To be fair), it's the (only place|one hour in the week) where (nobody talks about
      symptoms|they're not a patient|they decide).
    * I think it's (both|a mix|neither), it (depends on the day|comes and goes|is hard to say).
    * The (rating|weekly|little) questionnaire is (a ritual by now|something they tick without reading|good for
      starting a talk).
    * How do you (keep them|get people to come|deal with the ones who talk all the time)?
    * What do you do when (someone doesn't want a goal|the goal is just unrealistic|a person wants to leave)?
    * We (meet|met) (every week|twice a week|once a fortnight) in the (basement|canteen|little room behind the
      kitchen), with (bad air|no windows|a heater that bangs).
    * It's about (dignity|being taken seriously|small wins|not giving up on people), (I guess|isn't it|at least to
      me).
    * And I (noticed|saw|felt) that when I (put the pen down|stopped taking notes|told something about myself),
      (they did too|it got lighter|the whole tone changed).
    * (Doctors|The doctors|Management) (send people|refer everybody|want numbers), but (they never come and
      look|nobody asks the group|we don't hear back).
    * I'd (rather|much rather) do (half of it well|three modules|less, but together) than (rush|run through
      everything|tick all the boxes).
    * That's (exactly it|what I meant|the thing), (you can't force it|it has to come from them|and it's so simple).
    * You (build|get) (trust|a kind of language|habits), and (then|only then|after that) the
      (material|book|structure) begins to work.
    * In the (beginning|first weeks|start) we (followed everything|were so strict|read from the page), (now we know
      it by heart|now it's looser|I'm almost ashamed of it).
    * They (call|phone|text) (the ward|us|the desk) when it's (cancelled|late|moved), and that (tells you
      something|never happened before|is a good sign).
    * Can I (just|maybe) say something about (the families|the pace|language|the ones who don't come)?
    * (Maybe|Perhaps) it's (not for everyone|better outpatient|too early for some), (and that's okay|we should say
      so|I don't know).
    * It (was|is) (a relief|strange|good) to (have a structure|share the responsibility|hear you say that).
    * The (video|film|example in the book) is (so American|dated|a bit funny), so we (laugh at it together|skip
      it|made our own).
    * (Sometimes|Often|Now and then) a (former member|man from an earlier group|woman who finished) comes back and
      (tells how it went|helps with the coffee|just sits in).
    * I (write|put) their (own words|sentences) on the (board|flip chart|wall), and they (take a picture|read it
      out|correct me).
"""
_TRAPS: Final = """
    * I will, I mean we will, do that next week, hope it goes well.
    * You may find that they may not want to, and that may be fine.
    * We hope for the best, hope is really the thing here.
    * Mark my words, they will come back in the spring.
    * We got a grant for the first year, and a second grant after that.
    * They march in on time and they march out again.
    * On Tuesday we plan, on Wednesday we meet, that's been the rhythm since last autumn.
    * It was two weeks ago, or maybe three weeks, last Tuesday or so.
    * In the morning we have the ward round and in the afternoon the group.
    * It's Illness Management and Recovery, IMR for short, and then there's the stress-vulnerability model.
    * We did Coping With Stress and then Building Social Support, and Healthy Lifestyles in the end.
    * Using Medications Effectively, that module, nobody likes the title.
    * The guy with the cap, the one who always sits by the window, he nodded.
    * Grace is a big word, but they show each other some grace.
    * It's a joy to see, and there's faith in it too, frankly.
    * I read the ICD and the DSM, and CBT of course, and DBT, but that's another thing.
    * Monday is bad, Friday is worse, and on a Sunday nobody answers.
    * For the last five years or so we've had ten to twelve people a year.
    * Twenty percent drop out, maybe twenty-five, I'm not sure about the numbers.
    * Module three takes six sessions, and module four takes eight or nine.
    * There were three of us and fourteen of them in a room for ten.
    * In summer everything stops, and by Christmas half of them are gone.
    * He was like, no way, and she was like, well, okay then.
    * So the Recovery Strategies handout, page twelve, that one.
    * One of the nurses said it, and one of the doctors, and the social worker too.
    * The doctor says one thing and the professor says another.
    * My colleague from the other ward, she does it differently.
    * My wife always says I talk about work too much.
    * A patient told me that the group was the best hour of the week.
    * Our boss wants a report every quarter, on a scale from one to five.
    * We have the ACT team and the FACT team, and the GP of course.
    * I get up at six, I'm at work by seven thirty, and the group is at nine.
    * We used PowerPoint, then we used paper, and now Teams when someone is at home.
    * It cost four hundred kroner, the whole box of books.
    * May I? May is busy, but in June we can try again.
    * Even the quiet ones talked, even when it was raining.
    * Will power is not the point, and goodwill only takes you so far.
    * The rose on the cover, that's all they remember of the book.
    * Summer was slow, so we had a long break from July.
    * Go on, just say it, we have plenty of time.
    * Number four, number seven and number nine, those are the ones on the card.
    * It's a young group, mostly in their twenties and thirties.
    * Back in the nineties nobody used the word recovery.
    * At the hospital it's one thing, at the clinic it's another, and at school a third.
    * The municipality pays, or the county, or nobody pays.
    * Thank God it's over, somebody said, and we all laughed.
    * He plays the guitar and she draws, and we hang it up on the wall.
    * It's page one hundred and four in the green binder.
    * English is my second language, so bear with me.
    * A day at the seaside, a church, a park, it could be anywhere for the relaxation exercise.
    * I'd give it an eight, out of ten, maybe a seven.
    * Jesus, that was a long day, sorry for saying so.
    * Coffee first, then the agenda, then the homework, then feedback.
    * First of all, second, third, I have three things to say.
    * It's like the bus, you wait for an hour and then two come.
    * Person one says yes and person two says no, what do you do?
    * They read the chapter, chapter five, on their own.
    * Old School, that's what we call the ones who only lecture.
    * The Norwegian version is shorter than the American one, if I remember right.
    * Motivational interviewing, solution focused, all that, it's the same family.
    * The kids are at day-care until four, so I have to run.
    * The day unit, the day ward, day care, it has so many names.
    * They grant it or they don't, and they may change their minds in March or may not.
    * Drew a picture, rob a bank, sue me, that's how he jokes.
"""
_SHORT: Final = """
    * Mm.
    * Mm-hm.
    * Yeah.
    * Yeah, yeah.
    * Yes.
    * Right.
    * Exactly.
    * Sure.
    * No.
    * No, no.
    * Ha ha.
    * Uh-huh.
    * Absolutely.
    * That's true.
    * I agree.
    * Okay.
    * Oh really?
    * True.
    * Hm.
    * Of course.
    * Yes, that's right.
    * Not with us.
    * Same here.
    * Well.
    * I don't know.
    * Go on.
    * Wow.
    * Sorry.
    * Just a second.
    * Definitely.
"""
_QUESTIONS: Final = """
    * What would you say is the core of it?
    * Can you say a little more about that?
    * How does that sound to the rest of you?
    * What happened then?
    * Does anyone see it differently?
    * Where does it fit with how you understand your role, and where does it not?
    * Let's stay with that for a moment, what made the difference?
    * Before we go on, is there anything that we have missed?
    * What is it like, as staff, to work with the program?
    * If you had to explain it to a new colleague, what would you say?
    * Thank you, and what about those of you who haven't spoken yet?
    * What would you change if you could?
"""


def sentences(text: str) -> tuple[str, ...]:
    """What stands behind each star, on one line."""
    return tuple(" ".join(part.split()) for part in text.split("*")[1:])


TALK: Final = sentences(_TALK)
TRAPS: Final = sentences(_TRAPS)
"""Everyday words that are names, terms of the field, days and durations, counts, unnamed people and places."""
SHORT_ANSWERS: Final = sentences(_SHORT)
QUESTIONS: Final = sentences(_QUESTIONS)
"""What the moderator asks."""
FILLERS: Final = ("um", "uh", "like", "you know", "I mean", "sort of", "kind of", "well", "er")
FALSE_STARTS: Final = ("I, I", "we, we", "it's, it's", "so I, no", "but the, the", "what I, what", "they, they")
