using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Kinds.Jobs;

public sealed class JobPolicyValidationTests
{
    [Theory]
    [InlineData("\"podFailurePolicy\":{\"rules\":[{\"action\":\"FailIndex\",\"onExitCodes\":{\"operator\":\"In\",\"values\":[1]}}]}",
        "spec.podFailurePolicy.rules[0].action: Invalid value: \"FailIndex\": requires the backoffLimitPerIndex to be set")]
    [InlineData("\"podFailurePolicy\":{\"rules\":[{\"action\":\"Count\",\"onExitCodes\":{\"containerName\":\"x\",\"operator\":\"In\",\"values\":[1]}}]}",
        "spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: \"x\": must be one of the container or initContainer names in the pod template")]
    [InlineData("\"podFailurePolicy\":{\"rules\":[{\"action\":\"Count\",\"onExitCodes\":{\"operator\":\"In\",\"values\":[0]}}]}",
        "spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator")]
    [InlineData("\"podFailurePolicy\":{\"rules\":[{\"action\":\"Count\"}]}",
        "spec.podFailurePolicy.rules[0]: Invalid value: \"\": specifying one of OnExitCodes and OnPodConditions is required")]
    [InlineData("\"completionMode\":\"Indexed\",\"successPolicy\":{\"rules\":[{}]}",
        "spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified")]
    [InlineData("\"completionMode\":\"Indexed\",\"successPolicy\":{\"rules\":[{\"succeededCount\":1}]}", "")]
    [InlineData("\"completions\":4,\"completionMode\":\"Indexed\",\"successPolicy\":{\"rules\":[{\"succeededIndexes\":\"0-2,1\"}]}",
        "spec.successPolicy.rules[0].succeededIndexes: Invalid value: \"0-2,1\": error parsing succeededIndexes: non-increasing order, previous: 2, current: 1")]
    [InlineData("\"completions\":4,\"completionMode\":\"Indexed\",\"successPolicy\":{\"rules\":[{\"succeededIndexes\":\"0-4\"}]}",
        "spec.successPolicy.rules[0].succeededIndexes: Invalid value: \"0-4\": error parsing succeededIndexes: too large index: \"4\"")]
    [InlineData("\"completions\":4,\"completionMode\":\"Indexed\",\"successPolicy\":{\"rules\":[{\"succeededIndexes\":\"0-1\",\"succeededCount\":3}]}",
        "spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)")]
    [InlineData("\"completions\":4,\"completionMode\":\"Indexed\",\"successPolicy\":{\"rules\":[{\"succeededIndexes\":\"0-1,3\",\"succeededCount\":3}]}", "")]
    [InlineData("\"podReplacementPolicy\":\"TerminatingOrFailed\",\"podFailurePolicy\":{\"rules\":[]}",
        "spec.podReplacementPolicy: Unsupported value: \"TerminatingOrFailed\": supported values: \"Failed\"")]
    [InlineData("\"podFailurePolicy\":{\"rules\":[{\"action\":\"Count\",\"onExitCodes\":{\"operator\":\"In\",\"values\":[3,1]}}]}",
        "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,1]: must be ordered")]
    [InlineData("\"podFailurePolicy\":{\"rules\":[{\"action\":\"Ignore\",\"onPodConditions\":[{\"type\":\"DisruptionTarget\",\"status\":\"Yes\"}]}]}",
        "spec.podFailurePolicy.rules[0].onPodConditions[0].status: Unsupported value: \"Yes\": supported values: \"False\", \"True\", \"Unknown\"")]
    public void Policies_AreChecked(string spec, string fault)
    {
        var faults = new FaultList();
        var tree = JsonNode.Parse($$$"""{"template":{"spec":{"containers":[{"name":"c"}]}},{{{spec}}}}""")!.AsObject();
        JobPolicyValidation.Validate(tree, FieldPath.Of("spec"), faults);
        var message = faults.ToError("batch", "Job", "j")?.Message;
        if (fault.Length == 0) Assert.Null(message);
        else Assert.EndsWith(fault, message, StringComparison.Ordinal);
    }
}
