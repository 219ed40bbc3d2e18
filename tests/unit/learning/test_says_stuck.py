"""Which messages say that a learner is stuck, and which do not although they hold the same words."""

# ruff: noqa: RUF001  as phones type it

import random
import re

import pytest

from functions.learning.says_stuck import stuck_phrase

SAYS_SO = """
I'm stuck
I’m stuck
im so lost
I am lost
I AM STUCK!!!
I`m stuck
so I'm stuck
I'm stuck on the second exercise
I feel stuck
I feel totally lost
I'm completely lost
I'm totally confused
I am so confused right now
I am a little confused
I'm still stuck
I'm stuck, not confused
I've been stuck for an hour
I have been stuck on this since yesterday
I got stuck at question 3
I keep getting stuck
I always get stuck here
I was fine until now but now I'm stuck
I know loops, but I'm stuck on range
I got it wrong again and I'm lost
If I run it nothing happens. I'm stuck.
It's not working, I'm lost
It doesn't work I'm stuck
Why does it print 5? I expected 4. I'm stuck. Could you give me a hint, please?
not sure what to do, I'm stuck
stuck
Stuck again
Still stuck on number 3
help
Help!
Help me please
please help me
HELP ME
can you help me?
could somebody help me with this
Hello! Help me.
I need help
I need some help
I need you to look at it, I need help
I don't understand
i dont understand
I don’t understand this at all
I do not understand loops
I DON'T UNDERSTAND
I really don't understand
I did not understand the explanation
I didn't understand
I cannot understand the last line
ugh this is too hard, I don't understand
I thought it was easy but I don't understand it
I don't get it
I dont get this
I'm just not getting this
I can't follow
Why? I do not follow.
I'm not following
I'm not sure I understand
I can't figure out why it loops forever
I can't do this
I don't know what to do
I don't know how to start
I dont know where to begin
I have no idea
I have no clue what it prints
no idea what to do
This makes no sense
it doesn't make sense
that doesn't make any sense to me
nothing makes sense
I'm really struggling with this
I give up
I'm giving up
""".strip().splitlines()

DOES_NOT = """
I'm not stuck
I am not stuck anymore
I'm not lost
I am not at all lost
I'm not confused
I was stuck but I got it
I was lost yesterday
I used to be lost
if I get stuck I'll ask
If I'm stuck I will ask
If I don't understand I'll ask
When I'm stuck I read the book
before I get stuck I take a break
in case I get stuck I have notes
I don't think I'm stuck
I do not think that I am lost
I don't believe I'm stuck
I thought I was stuck but it works
I thought I'm stuck, but it works
I'm not saying I'm stuck
It's not that I don't understand
I no longer feel lost
I'm no longer stuck
I don't feel lost
I never get stuck
I'm never lost
I won't get stuck
I haven't been stuck
I hope I don't get stuck
I'd be stuck without the hint
I would be lost without you
Stuck in traffic
Stuck on you is a nice song
My friend is stuck
Are you stuck?
Do you understand?
My brother doesn't understand it, I do
The loop got stuck at 5
my code gets stuck
It doesn't get stuck
My program is stuck in an infinite loop
I unstuck it
I lost my notes
what does lost mean
I understand it now
I get it
I can follow
now it makes sense
Thanks, that helped me
That will help me
You don't need to help me
Don't help me
I don't need help
I need no help
I never give up
I won't give up
I have no idea for a better name, but it works
stuck = True
if stuck: break
while not stuck:
def is_stuck(): return False
help_me()
help(print)
print("I'm stuck")
print('help me')
`I give up` is what it prints
The message says "I don't understand"
The text says “I'm stuck”
> I'm stuck
""".strip().splitlines()


@pytest.mark.parametrize("text", SAYS_SO)
def test_a_message_says_that_the_learner_is_stuck(text: str) -> None:
    assert stuck_phrase(text)


@pytest.mark.parametrize("text", DOES_NOT)
def test_a_message_with_the_same_words_does_not_say_so(text: str) -> None:
    assert stuck_phrase(text) is None


@pytest.mark.parametrize(
    "text",
    ["I am\nstuck", "I\tam \u00a0 stuck", "Hello.\n\nI'm stuck\n\nThanks", "I'm\r\nstuck", "Not yet.\nI'm stuck"],
)
def test_white_space_of_any_kind_keeps_a_phrase_together(text: str) -> None:
    assert stuck_phrase(text) in ("i'm stuck", "i am stuck")


def test_a_block_of_code_is_not_what_the_learner_says_and_what_is_beside_it_is() -> None:
    code = "```\n# I'm stuck\nprint(1)\n```\n"
    assert stuck_phrase(code) is None
    assert stuck_phrase(code + "I don't understand it") == "i don't understand"


def test_one_phrase_that_is_turned_does_not_hide_another_that_is_not() -> None:
    assert stuck_phrase("If I'm stuck I ask. I don't understand the range.") == "i don't understand"


def test_only_the_phrase_comes_back_and_none_of_the_learners_other_words() -> None:
    text = "My name is Maya Smith, I'm 11,  and I'm   really\nSTUCK with Mr. Jones' homework"
    assert stuck_phrase(text) == "i'm really stuck"


@pytest.mark.parametrize(
    "unit",
    [
        "i ", "i'm so ", "still completely totally ", "not ", "no longer that ", "help me\n", "\n", "\"", "“", "```",
        "> ", "i am really really ", "i don't really ", "stuck ", "not saying that i'm stuck ", "'a", "` ", ". ",
    ],
)  # fmt: skip
def test_long_messages_of_repeated_parts_are_read_to_their_end(unit: str) -> None:
    text = (unit * 4_000)[:3_980]
    stuck_phrase(text)
    assert stuck_phrase(re.sub(r"[\"“`>]", "", text) + "\n\nso: I give up.") is not None


def test_random_messages_of_the_words_that_matter_are_read_to_their_end() -> None:
    words = "i i'm am not so really still stuck lost don't understand get it if that help me . , \n ' \" ` ``` >".split(
        " "
    )
    chosen = random.Random(4)
    for _ in range(100):
        stuck_phrase(" ".join(chosen.choices(words, k=1_000))[:4_000])
