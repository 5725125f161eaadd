"""The openai SDK for Python, through rp-server: client.py CASE BASE_URL MODEL

Each case asks, and checks itself what its user gets; what the provider was asked is the caller's affair.
"""
import json
import sys

import openai
from pydantic import BaseModel

WEATHER = {
    "type": "function", "name": "weather", "description": "The weather of a city.", "strict": True,
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
                   "additionalProperties": False},
}


class Answer(BaseModel):
    city: str
    degrees: list[float]


class Weather(BaseModel):
    city: str


def create(client, model):
    response = client.responses.create(model=model, instructions="Be kind.", input="Say hello.", metadata={"a": "b"})
    assert response.output_text == "Hello.", response
    assert response.status == "completed" and response.model == model and response.metadata == {"a": "b"}
    assert response.usage.total_tokens == 120 and response.usage.input_tokens_details.cached_tokens == 40
    assert response.usage.output_tokens_details.reasoning_tokens == 0
    assert [item.type for item in response.output] == ["reasoning", "message"]
    assert response.output[0].summary[0].text == "A greeting."


def stream(client, model):
    numbers, text, arguments = [], "", ""
    with client.responses.stream(model=model, input="Köln?", tools=[WEATHER]) as events:
        for event in events:
            numbers.append(event.sequence_number)
            if event.type == "response.output_text.delta":
                text += event.delta
            if event.type == "response.function_call_arguments.delta":
                arguments += event.delta
        final = events.get_final_response()
    assert numbers == list(range(len(numbers))), numbers
    assert text == final.output_text == "I look: ☀?", text
    call = final.output[-1]
    assert (call.type, call.name, call.status) == ("function_call", "weather", "completed"), call
    assert json.loads(arguments) == json.loads(call.arguments) == {"city": "Köln"}


def parse(client, model):
    expected = Answer(city="Köln", degrees=[3, 7.5])
    whole = client.responses.parse(model=model, input="Köln?", text_format=Answer)
    assert whole.output_parsed == expected, whole
    with client.responses.stream(model=model, input="Köln?", text_format=Answer) as events:
        assert events.get_final_response().output_parsed == expected


def parse_call(client, model):
    tool = openai.pydantic_responses_function_tool(Weather, name="weather")
    response = client.responses.parse(model=model, input="Köln?", tools=[tool])
    assert response.output[-1].parsed_arguments == Weather(city="Köln"), response


def loop(client, model):
    items = [{"role": "user", "content": "Köln and Oslo?"}]
    for _ in range(3):
        response = client.responses.create(
            model=model, input=items, tools=[WEATHER], store=False, include=["reasoning.encrypted_content"])
        items += response.output
        for item in response.output:
            if item.type == "function_call":
                city = json.loads(item.arguments)["city"]
                items.append({"type": "function_call_output", "call_id": item.call_id, "output": f"sun over {city}"})
    assert response.output_text == "All fine.", response


def continued(client, model):
    first = client.responses.create(model=model, input="Köln?", tools=[WEATHER])
    outputs = [{"type": "function_call_output", "call_id": item.call_id, "output": "sun"}
               for item in first.output if item.type == "function_call"]
    second = client.responses.create(model=model, input=outputs, tools=[WEATHER], previous_response_id=first.id)
    assert second.output_text == "Fine.", second
    try:
        client.responses.create(model=model, input="x", previous_response_id="resp_of_nobody")
        raise AssertionError("it was known")
    except openai.BadRequestError as error:
        assert (error.code, error.param) == ("previous_response_not_found", "previous_response_id"), error.body


def incomplete(client, model):
    response = client.responses.create(model=model, input="x")
    assert response.status == "incomplete" and response.incomplete_details.reason == "max_output_tokens", response


def broken(client, model):
    events = list(client.responses.create(model=model, input="x", stream=True))
    assert events[-1].type == "response.failed" and events[-1].response.error.message, events[-1]


def error(client, model, name, status):
    try:
        client.responses.create(model=model, input="x")
        raise AssertionError("no error")
    except openai.APIStatusError as thrown:
        assert type(thrown).__name__ == name and thrown.status_code == int(status), repr(thrown)
        assert "Because of the moon." in thrown.message and thrown.request_id and thrown.type, thrown.body


def main(case, base_url, model, *more):
    client = openai.OpenAI(base_url=base_url, api_key="sk-of-the-client", max_retries=0)
    {case.__name__: case for case in
     (create, stream, parse, parse_call, loop, continued, incomplete, broken, error)}[case](client, model, *more)


main(*sys.argv[1:])
