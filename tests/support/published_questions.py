"""The published wording of the check-in's questions."""

OFTEN = ["Hardly ever or never", "Some of the time", "Often"]


AGREE = ["Definitely agree", "Tend to agree", "Tend to disagree", "Definitely disagree"]


WORDING = {
    "How strongly do you feel you belong to your immediate neighbourhood?": [
        "Very strongly",
        "Fairly strongly",
        "Not very strongly",
        "Not at all strongly",
    ],
    "Thinking about the people who live in this neighbourhood, to what extent do you believe "
    "they can be trusted?": [
        "Many of the people can be trusted",
        "Some can be trusted",
        "A few can be trusted",
        "None of the people can be trusted",
    ],
    "To what extent do you agree or disagree that you personally can influence decisions "
    "affecting your local area?": AGREE,
    "To what extent do you agree or disagree that, if I needed help, there are people who "
    "would be there for me?": AGREE,
    "Generally speaking, would you like to be more involved in the decisions your council "
    "makes that affect your local area?": ["Yes", "No", "Depends on the issue"],
    "How often do you feel that you lack companionship?": OFTEN,
    "How often do you feel left out?": OFTEN,
    "How often do you feel isolated from others?": OFTEN,
    "How often do you feel lonely?": [
        "Often or always",
        "Some of the time",
        "Occasionally",
        "Hardly ever",
        "Never",
    ],
}


INTRO = (
    "The next four questions are about relationships with others. For each one, please say how "
    "often (if at all) you feel that way."
)
