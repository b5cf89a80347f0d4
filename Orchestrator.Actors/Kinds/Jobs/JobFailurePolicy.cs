using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>What a rule of a failure policy does about a pod that failed.</summary>
public enum FailureAction
{
    /// <summary>It counts toward the back-off limits, as without a rule.</summary>
    Count,

    /// <summary>It counts for nothing and is replaced.</summary>
    Ignore,

    /// <summary>Its index is not tried again.</summary>
    FailIndex,

    /// <summary>The Job ends.</summary>
    FailJob,
}

/// <summary>One case of <c>spec.podFailurePolicy</c>: exit codes of a container, or conditions of the pod.</summary>
/// <param name="Codes">The exit codes; default when the rule is about conditions.</param>
public sealed record FailureRule(
    FailureAction Action, string Container, bool NotIn, ImmutableArray<int> Codes, ImmutableArray<(string Type, string Status)> Conditions);

/// <summary>The rule that a failed pod met.</summary>
public readonly record struct FailureMatch(FailureAction Action, string Message);

/// <summary>Tells failures that are worth another try from those that are not.</summary>
/// <remarks>Source: kube-controller-manager, job/pod_failure_policy.go; KEP-3329.</remarks>
public static class JobFailurePolicy
{
    internal static ImmutableArray<FailureRule> Read(JsonElement spec) => [.. spec.Get("podFailurePolicy").Items("rules").Select(static rule =>
    {
        var codes = rule.Get("onExitCodes");
        return new FailureRule(
            Enum.TryParse<FailureAction>(rule.Text("action"), out var action) ? action : FailureAction.Count,
            codes.Text("containerName"),
            codes.Text("operator") == "NotIn",
            codes.Exists() ? [.. codes.Items("values").Select(static v => v.GetInt32())] : default,
            [.. rule.Items("onPodConditions").Select(static c => (c.Text("type"), c.Text("status") is { Length: > 0 } status ? status : "True"))]);
    })];

    /// <summary>The first rule that the pod meets, or null.</summary>
    public static FailureMatch? Match(ImmutableArray<FailureRule> rules, PodView pod)
    {
        // While containers run, their exit codes are not all known.
        if (pod.Phase != "Failed") return null;
        for (var i = 0; i < rules.Length; i++)
            if (Reason(rules[i], pod) is { } reason)
                return new FailureMatch(rules[i].Action, string.Create(CultureInfo.InvariantCulture, $"{reason} matching {rules[i].Action} rule at index {i}"));
        return null;
    }

    private static string? Reason(FailureRule rule, PodView pod)
    {
        if (!rule.Codes.IsDefault)
        {
            foreach (var container in pod.Containers)
            {
                // Success is no failure, whatever is listed.
                if (container.ExitCode is not { } code || code == 0 || (rule.Container.Length > 0 && rule.Container != container.Name)) continue;
                if (rule.Codes.Contains(code) != rule.NotIn)
                    return string.Create(CultureInfo.InvariantCulture, $"Container {container.Name} for pod {pod.Key.Namespace}/{pod.Key.Name} failed with exit code {code}");
            }
            return null;
        }
        foreach (var (type, status) in rule.Conditions)
            if (pod.Condition(type)?.Status == status) return $"Pod {pod.Key.Namespace}/{pod.Key.Name} has condition {type}";
        return null;
    }
}
