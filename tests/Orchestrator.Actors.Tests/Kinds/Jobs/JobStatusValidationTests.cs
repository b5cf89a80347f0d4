using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Kinds.Jobs;

public sealed class JobStatusValidationTests
{
    private const string Done = """{"type":"Complete","status":"True"}""";
    private const string Met = """{"type":"SuccessCriteriaMet","status":"True"}""";
    private const string Lost = """{"type":"Failed","status":"True"}""";

    private const string Target = """{"type":"FailureTarget","status":"True"}""";

    public static TheoryData<string, string, string, string> Updates => new()
    {
        { "{}", "{}", """{"active":1,"conditions":[{"type":"Mine","status":"True"}]}""", "" },
        { "{}", """{"startTime":"2024-01-02T00:00:00Z"}""", $$"""{"startTime":"2024-01-02T00:00:00Z","completionTime":"2024-01-02T00:00:01Z","conditions":[{{Met}},{{Done}}]}""", "" },
        { "{}", "{}", $$"""{"conditions":[{{Met}},{{Done}}]}""",
            "status.completionTime: Required value: completionTime is required for Complete jobs, status.startTime: Required value: startTime is required for finished job" },
        { "{}", "{}", """{"completionTime":"2024-01-02T00:00:00Z"}""",
            "status.completionTime: Invalid value: \"2024-01-02T00:00:00Z\": cannot set completionTime when there is no Complete=True condition" },
        { "{}", "{}", $$"""{"startTime":"2024-01-02T00:00:02Z","completionTime":"2024-01-02T00:00:01Z","active":1,"conditions":[{{Met}},{{Done}}]}""",
            "status.completionTime: Invalid value: \"2024-01-02T00:00:01Z\": completionTime cannot be set before startTime, status.active: Invalid value: 1: active>0 is invalid for finished job" },
        { "{}", $$"""{"startTime":"2024-01-02T00:00:00Z","conditions":[{{Lost}}]}""", """{"startTime":"2024-01-02T00:00:00Z"}""", "status.conditions: Invalid value: cannot disable the terminal Failed=True condition" },
        { "{}", "{}", $$"""{"startTime":"2024-01-02T00:00:00Z","conditions":[{{Met}},{{Lost}}]}""",
            "status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition, status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and Failed=true conditions" },
        // What ends a job has been announced before it ends, and nothing of it runs then.
        { "{}", """{"startTime":"2024-01-02T00:00:00Z"}""", $$"""{"startTime":"2024-01-02T00:00:00Z","conditions":[{{Lost}}]}""", "status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition" },
        { "{}", """{"startTime":"2024-01-02T00:00:00Z"}""", $$"""{"startTime":"2024-01-02T00:00:00Z","completionTime":"2024-01-02T00:00:01Z","conditions":[{{Done}}]}""",
            "status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition" },
        { "{}", $$"""{"startTime":"2024-01-02T00:00:00Z","conditions":[{{Target}}]}""", $$"""{"startTime":"2024-01-02T00:00:00Z","terminating":2,"conditions":[{{Target}},{{Lost}}]}""",
            "status.terminating: Invalid value: 2: terminating>0 is invalid for finished job" },
        { "{}", $$"""{"startTime":"2024-01-02T00:00:00Z","conditions":[{{Target}}]}""", $$"""{"startTime":"2024-01-02T00:00:00Z","terminating":0,"conditions":[{{Target}},{{Lost}}]}""", "" },
        // Of a time when nobody announced it: that is not held against a write about something else.
        { "{}", $$"""{"startTime":"2024-01-02T00:00:00Z","conditions":[{{Lost}}]}""", $$"""{"startTime":"2024-01-02T00:00:00Z","failed":1,"conditions":[{{Lost}}]}""", "" },
        { "{}", "{}", """{"active":1,"ready":2}""", "status.ready: Invalid value: 2: cannot set more ready pods than active" },
        { "{}", """{"active":1,"ready":2}""", """{"active":1,"ready":2,"failed":1}""", "" },
        { "{}", """{"failed":2,"succeeded":2}""", """{"failed":1,"succeeded":1}""",
            "status.failed: Invalid value: 1: cannot decrease the failed counter, status.succeeded: Invalid value: 1: cannot decrease the succeeded counter" },
        { """{"completionMode":"Indexed","completions":3,"parallelism":3}""", """{"succeeded":2}""", """{"succeeded":1}""", "" },
        { "{}", """{"startTime":"2024-01-02T00:00:00Z"}""", "{}", "status.startTime: Required value: startTime cannot be removed for unsuspended job" },
        { """{"suspend":true}""", """{"startTime":"2024-01-02T00:00:00Z"}""", "{}", "" },
        { """{"completionMode":"Indexed","completions":3}""", "{}", """{"completedIndexes":"0,5"}""",
            "status.completedIndexes: Invalid value: \"0,5\": error parsing completedIndexes: too large index: \"5\"" },
        { """{"completionMode":"Indexed","completions":3,"backoffLimitPerIndex":1}""", "{}", """{"completedIndexes":"0-1","failedIndexes":"1"}""",
            "status.failedIndexes: Invalid value: \"1\": failedIndexes and completedIndexes overlap at index: 1" },
        { "{}", "{}", """{"completedIndexes":"0"}""", "status.completedIndexes: Invalid value: \"0\": cannot set non-empty completedIndexes when non-indexed completion mode" },
        { "{}", "{}", """{"uncountedTerminatedPods":{"succeeded":["a",""],"failed":["a"]}}""",
            "status.uncountedTerminatedPods.succeeded[1]: Invalid value: \"\": must not be empty, status.uncountedTerminatedPods.failed[0]: Duplicate value: \"a\"" },
    };

    [Theory]
    [MemberData(nameof(Updates))]
    public void Update_OfTheStatus_IsHeldAgainstWhatAJobCanBe(string spec, string before, string after, string faults)
    {
        var found = new FaultList();
        new JobValidation().ValidateUpdate(Job(spec, after), Job(spec, before), "status", found);
        Assert.Equal(faults, string.Join(", ", found.Causes.Select(static c => $"{c.Field}: {c.Message}")));
    }

    private static JsonObject Job(string spec, string status) => new() { ["spec"] = JsonNode.Parse(spec), ["status"] = JsonNode.Parse(status) };
}
