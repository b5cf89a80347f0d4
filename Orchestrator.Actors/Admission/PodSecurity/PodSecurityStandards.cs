using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.PodSecurity;

/// <summary>A violation of one check.</summary>
/// <param name="Reason">What is violated, such as <c>privileged</c>.</param>
/// <param name="Detail">By what; empty for nothing more to say.</param>
public sealed record PodSecurityViolation(string Reason, string Detail)
{
    public override string ToString() => Detail.Length == 0 ? Reason : $"{Reason} ({Detail})";
}

/// <summary>The checks of the Pod Security Standards. Pure.</summary>
/// <remarks>Source: k8s.io/pod-security-admission, policy; as of Kubernetes 1.32. Each check knows from which minor version it counts.</remarks>
public static class PodSecurityStandards
{
    /// <summary>What a pod violates, in the order of the standards.</summary>
    /// <param name="metadata">Of the pod or template; null for none.</param>
    public static List<PodSecurityViolation> Evaluate(LevelVersion level, JsonObject? metadata, JsonObject spec)
    {
        var violations = new List<PodSecurityViolation>();
        if (level.Level == PodSecurityLevel.Privileged) return violations;
        var pod = new PodToCheck(metadata, spec, level.Minor);
        foreach (var check in BaselineChecks.All)
        {
            // Restricted has a stricter form of some checks, which stands in for that of baseline.
            if (level.Level == PodSecurityLevel.Restricted && RestrictedChecks.Replaces(check.Id, level.Minor)) continue;
            if (check.Since <= level.Minor && check.Run(pod) is { } violation) violations.Add(violation);
        }
        if (level.Level != PodSecurityLevel.Restricted) return violations;
        foreach (var check in RestrictedChecks.All)
            if (check.Since <= level.Minor && check.Run(pod) is { } violation) violations.Add(violation);
        return violations;
    }

    /// <summary>Violations as they are told: <c>a (by what), b (by what)</c>.</summary>
    public static string Tell(IEnumerable<PodSecurityViolation> violations) => string.Join(", ", violations);
}

/// <param name="Id">The name of the check.</param>
/// <param name="Since">The minor version of Kubernetes from which it counts.</param>
internal sealed record PodSecurityCheck(string Id, int Since, Func<PodToCheck, PodSecurityViolation?> Run);

/// <summary>A pod as the checks look at it.</summary>
internal sealed class PodToCheck
{
    // Source: k8s.io/pod-security-admission, policy/visitor.go. Init containers come first.
    private static readonly string[] Lists = ["initContainers", "containers", "ephemeralContainers"];

    public PodToCheck(JsonObject? metadata, JsonObject spec, int minor)
    {
        Metadata = metadata;
        Spec = spec;
        Minor = minor;
        Containers = [.. Lists.SelectMany(l => PodResources.Containers(spec, l))];
        SecurityContext = JsonTree.Object(spec, "securityContext");
    }

    public JsonObject? Metadata { get; }
    public JsonObject Spec { get; }
    public int Minor { get; }
    public IReadOnlyList<JsonObject> Containers { get; }
    public JsonObject? SecurityContext { get; }

    /// <summary>Checks of Linux do not concern a pod that says that it runs on Windows.</summary>
    public bool IsWindows => JsonTree.AsString(JsonTree.At(Spec, ["os", "name"])) == "windows";

    public static JsonObject? ContextOf(JsonObject container) => JsonTree.Object(container, "securityContext");

    /// <summary>The names of the containers for which something holds, quoted, as <c>container "a"</c> or <c>containers "a", "b"</c>.</summary>
    public static string Name(IReadOnlyList<JsonObject> containers) =>
        $"{(containers.Count == 1 ? "container" : "containers")} {Quoted(containers.Select(static c => JsonTree.String(c, "name") ?? ""))}";

    public List<JsonObject> Where(Func<JsonObject, bool> holds) => [.. Containers.Where(holds)];

    /// <summary>Puts all values into the set; returns whether there were any.</summary>
    public static bool Collect<T>(IEnumerable<T> values, SortedSet<T> into)
    {
        var any = false;
        foreach (var value in values)
        {
            into.Add(value);
            any = true;
        }
        return any;
    }

    public static string Quoted(IEnumerable<string> texts) => string.Join(", ", texts.Select(static t => GoQuote.Quote(t)));

    public static string Plural(string one, string many, int count) => count == 1 ? one : many;
}
