using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer.Audit;

/// <summary>How much of a request is recorded. Each level has all that the one before has.</summary>
public enum AuditLevel : byte
{
    None,

    /// <summary>Who, what, when and with which outcome.</summary>
    Metadata,

    /// <summary>Also the body of the request.</summary>
    Request,

    /// <summary>Also the body of the answer.</summary>
    RequestResponse,
}

/// <summary>Which requests are recorded, and how: a Policy of audit.k8s.io/v1.</summary>
/// <remarks>Source: the Kubernetes documentation page "Auditing"; k8s.io/apiserver, audit/policy. The first rule that matches decides.</remarks>
public sealed class AuditPolicy
{
    private static readonly string[] Stages = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"];

    private readonly ImmutableArray<Rule> _rules;
    private readonly ImmutableArray<string> _omitStages;
    private readonly bool _omitManagedFields;

    private AuditPolicy(ImmutableArray<Rule> rules, ImmutableArray<string> omitStages, bool omitManagedFields)
    {
        _rules = rules;
        _omitStages = omitStages;
        _omitManagedFields = omitManagedFields;
    }

    /// <summary>Everything at <see cref="AuditLevel.Metadata"/>, once per request: what is recorded when no file says otherwise.</summary>
    public static AuditPolicy Metadata { get; } = new([new Rule(AuditLevel.Metadata)], ["RequestReceived"], false);

    /// <summary>Reads a policy in YAML or JSON.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static AuditPolicy Parse(ReadOnlySpan<byte> text)
    {
        var (json, fault) = YamlReader.ToJson(text);
        if (fault is not null) throw new FormatException(fault);
        if (ObjectJson.Parse(json).Tree is not JsonObject tree || JsonTree.String(tree, "kind") != "Policy" || JsonTree.String(tree, "apiVersion") != "audit.k8s.io/v1")
            throw new FormatException("it is no Policy of audit.k8s.io/v1");
        if (JsonTree.Array(tree, "rules") is not { Count: > 0 } rules) throw new FormatException("it has no rules");
        return new AuditPolicy([.. rules.Select(ParseRule)], StagesOf(tree, "policy"), JsonTree.Bool(tree, "omitManagedFields") == true);
    }

    /// <summary>How a request is recorded.</summary>
    public AuditDecision Decide(UserInfo? user, RequestInfo request)
    {
        foreach (var rule in _rules)
        {
            if (!rule.Matches(user, request)) continue;
            return new AuditDecision(rule.Level, _omitStages.AddRange(rule.OmitStages), rule.OmitManagedFields ?? _omitManagedFields);
        }
        return new AuditDecision(AuditLevel.None, [], false);
    }

    private static Rule ParseRule(JsonNode? node, int index)
    {
        if (node is not JsonObject tree || !Enum.TryParse<AuditLevel>(JsonTree.String(tree, "level"), out var level))
            throw new FormatException($"rule {index + 1} has no level, or none of None, Metadata, Request and RequestResponse");
        return new Rule(level)
        {
            Users = Strings(tree, "users"),
            Groups = Strings(tree, "userGroups"),
            Verbs = Strings(tree, "verbs"),
            Namespaces = Strings(tree, "namespaces"),
            Paths = Strings(tree, "nonResourceURLs"),
            Resources = [.. JsonTree.Array(tree, "resources")?.OfType<JsonObject>().Select(static r =>
                new ResourceRule(JsonTree.String(r, "group") ?? "", Strings(r, "resources"), Strings(r, "resourceNames"))) ?? []],
            OmitStages = StagesOf(tree, $"rule {index + 1}"),
            OmitManagedFields = JsonTree.Bool(tree, "omitManagedFields"),
        };
    }

    private static ImmutableArray<string> StagesOf(JsonObject tree, string owner)
    {
        var stages = Strings(tree, "omitStages");
        return stages.FirstOrDefault(static s => !Stages.Contains(s)) is { } unknown
            ? throw new FormatException($"{owner}: there is no stage {unknown}")
            : stages;
    }

    private static ImmutableArray<string> Strings(JsonObject tree, string name) => [.. JsonTree.Array(tree, name)?.Select(JsonTree.AsString).OfType<string>() ?? []];

    private sealed record ResourceRule(string Group, ImmutableArray<string> Resources, ImmutableArray<string> Names)
    {
        public bool Matches(RequestInfo request)
        {
            if (Group != request.Group || (!Names.IsEmpty && !Names.Contains(request.Name))) return false;
            if (Resources.IsEmpty) return true;
            var resource = request.Subresource.Length == 0 ? request.Resource : $"{request.Resource}/{request.Subresource}";
            foreach (var wanted in Resources)
            {
                if (wanted == resource || wanted == "*") return true;
                if (wanted.StartsWith("*/", StringComparison.Ordinal) && request.Subresource.Length > 0 && wanted[2..] == request.Subresource) return true;
                if (wanted.EndsWith("/*", StringComparison.Ordinal) && request.Subresource.Length > 0 && wanted[..^2] == request.Resource) return true;
            }
            return false;
        }
    }

    private sealed record Rule(AuditLevel Level)
    {
        public ImmutableArray<string> Users { get; init; } = [];
        public ImmutableArray<string> Groups { get; init; } = [];
        public ImmutableArray<string> Verbs { get; init; } = [];
        public ImmutableArray<string> Namespaces { get; init; } = [];
        public ImmutableArray<string> Paths { get; init; } = [];
        public ImmutableArray<ResourceRule> Resources { get; init; } = [];
        public ImmutableArray<string> OmitStages { get; init; } = [];
        public bool? OmitManagedFields { get; init; }

        public bool Matches(UserInfo? user, RequestInfo request)
        {
            if (!Users.IsEmpty && (user is null || !Users.Contains(user.Name))) return false;
            if (!Groups.IsEmpty && (user is null || !user.Groups.Any(Groups.Contains))) return false;
            if (!Verbs.IsEmpty && !Verbs.Contains(request.Verb)) return false;
            if (!request.IsResource) return Resources.IsEmpty && Namespaces.IsEmpty && (Paths.IsEmpty || Paths.Any(p => IsPath(p, request.Path)));
            if (!Namespaces.IsEmpty && !Namespaces.Contains(request.Namespace)) return false;
            // A rule that names only paths means no resources.
            return Resources.IsEmpty ? Paths.IsEmpty : Resources.Any(r => r.Matches(request));
        }

        private static bool IsPath(string pattern, string path) =>
            pattern == "*" || pattern == path || (pattern.EndsWith('*') && path.StartsWith(pattern[..^1], StringComparison.Ordinal));
    }
}

/// <summary>How one request is recorded.</summary>
public readonly record struct AuditDecision(AuditLevel Level, ImmutableArray<string> OmitStages, bool OmitManagedFields);
