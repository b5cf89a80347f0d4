using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authorization;

/// <summary>A PolicyRule of rbac.authorization.k8s.io/v1: what its holder may do. There are no rules that forbid.</summary>
/// <remarks>Source: pkg/apis/rbac/v1/evaluation_helpers.go of Kubernetes.</remarks>
public sealed record PolicyRule
{
    public ImmutableArray<string> Verbs { get; init; } = [];
    public ImmutableArray<string> ApiGroups { get; init; } = [];

    /// <summary><c>*</c>, <c>pods</c>, <c>pods/log</c> or <c>*/scale</c>.</summary>
    public ImmutableArray<string> Resources { get; init; } = [];

    /// <summary>Empty: whatever the name.</summary>
    public ImmutableArray<string> ResourceNames { get; init; } = [];

    /// <summary>Paths; a <c>*</c> at the end stands for any end.</summary>
    public ImmutableArray<string> NonResourceUrls { get; init; } = [];

    public bool Allows(AccessRequest request) => request.IsResource
        ? Has(Verbs, request.Verb) && Has(ApiGroups, request.Group) && HasResource(request) && HasName(request.Name)
        : Has(Verbs, request.Verb) && HasPath(request.Path);

    public static PolicyRule Read(JsonElement rule) => new()
    {
        Verbs = Strings(rule, "verbs"),
        ApiGroups = Strings(rule, "apiGroups"),
        Resources = Strings(rule, "resources"),
        ResourceNames = Strings(rule, "resourceNames"),
        NonResourceUrls = Strings(rule, "nonResourceURLs"),
    };

    public static ImmutableArray<PolicyRule> ReadAll(JsonElement rules) =>
        rules.ValueKind == JsonValueKind.Array ? [.. rules.EnumerateArray().Select(Read)] : [];

    /// <summary>The rule in one line, as refusals show it.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        Add("APIGroups", ApiGroups);
        Add("Resources", Resources);
        Add("NonResourceURLs", NonResourceUrls);
        Add("ResourceNames", ResourceNames);
        Add("Verbs", Verbs);
        return $"{{{string.Join(", ", parts)}}}";

        void Add(string name, ImmutableArray<string> values)
        {
            if (values.Length > 0) parts.Add($"{name}:[{string.Join(' ', values.Select(GoQuote.Quote))}]");
        }
    }

    public bool Equals(PolicyRule? other) =>
        other is not null && Verbs.SequenceEqual(other.Verbs) && ApiGroups.SequenceEqual(other.ApiGroups) && Resources.SequenceEqual(other.Resources)
        && ResourceNames.SequenceEqual(other.ResourceNames) && NonResourceUrls.SequenceEqual(other.NonResourceUrls);

    public override int GetHashCode() => HashCode.Combine(Verbs.Length, ApiGroups.Length, Resources.Length, ResourceNames.Length, NonResourceUrls.Length);

    private static bool Has(ImmutableArray<string> values, string wanted)
    {
        foreach (var value in values)
            if (value == "*" || value == wanted) return true;
        return false;
    }

    private bool HasResource(AccessRequest request)
    {
        foreach (var resource in Resources)
        {
            if (resource == "*") return true;
            if (request.Subresource.Length == 0)
            {
                if (resource == request.Resource) return true;
                continue;
            }
            // pods/log, or */log for the subresource of every resource; taken apart in place, for this runs on every request.
            var slash = resource.IndexOf('/', StringComparison.Ordinal);
            if (slash < 0 || !resource.AsSpan(slash + 1).SequenceEqual(request.Subresource)) continue;
            var owner = resource.AsSpan(0, slash);
            if (owner is "*" || owner.SequenceEqual(request.Resource)) return true;
        }
        return false;
    }

    private bool HasName(string name)
    {
        if (ResourceNames.IsEmpty) return true;
        foreach (var allowed in ResourceNames)
            if (allowed == name) return true;
        return false;
    }

    private bool HasPath(string path)
    {
        foreach (var url in NonResourceUrls)
        {
            if (url == "*" || url == path) return true;
            if (url.EndsWith('*') && path.AsSpan().StartsWith(url.AsSpan(0, url.Length - 1).TrimEnd('*'), StringComparison.Ordinal)) return true;
        }
        return false;
    }

    private static ImmutableArray<string> Strings(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(static e => e.GetString() ?? "")]
            : [];
}
