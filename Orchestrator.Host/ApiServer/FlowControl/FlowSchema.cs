using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer.FlowControl;

/// <summary>What tells the flows of one schema apart.</summary>
public enum FlowDistinguisher : byte
{
    None,
    ByUser,
    ByNamespace,
}

/// <summary>A FlowSchema, ready to be matched: which requests belong together, and to which priority level.</summary>
/// <remarks>Source: KEP-1040 and k8s.io/apiserver, util/flowcontrol/rule.go.</remarks>
public sealed class FlowSchema
{
    private const string All = "*";

    private readonly ImmutableArray<Rule> _rules;

    private FlowSchema(StoredObject stored, JsonObject spec)
    {
        Name = stored.Key.Name;
        Uid = stored.Meta.Uid;
        PriorityLevel = JsonTree.String(JsonTree.Object(spec, "priorityLevelConfiguration"), "name") ?? "";
        Precedence = JsonTree.Int64(spec, "matchingPrecedence") ?? 1000;
        Distinguisher = JsonTree.String(JsonTree.Object(spec, "distinguisherMethod"), "type") switch
        {
            "ByUser" => FlowDistinguisher.ByUser,
            "ByNamespace" => FlowDistinguisher.ByNamespace,
            _ => FlowDistinguisher.None,
        };
        _rules = [.. Objects(spec, "rules").Select(static r => new Rule(r))];
    }

    public string Name { get; }
    public string Uid { get; }
    public string PriorityLevel { get; }

    /// <summary>Schemas of lower numbers are asked first; among equals the name decides.</summary>
    public long Precedence { get; }

    public FlowDistinguisher Distinguisher { get; }

    public static FlowSchema Parse(StoredObject stored) => new(stored, JsonTree.Object(stored.ToTree(), "spec") ?? []);

    public bool Matches(in FlowRequest request)
    {
        foreach (var rule in _rules)
            if (rule.Matches(request)) return true;
        return false;
    }

    /// <summary>Requests of equal hashes are one flow, which gets one share of its level.</summary>
    public ulong FlowOf(in FlowRequest request)
    {
        var distinguisher = Distinguisher switch
        {
            FlowDistinguisher.ByUser => request.User.Name,
            FlowDistinguisher.ByNamespace => request.Request.Namespace,
            _ => "",
        };
        // FNV-1a: equal in every process and cheap; nobody gains by a collision but company in a queue.
        var hash = 14695981039346656037UL;
        foreach (var c in Name) hash = (hash ^ c) * 1099511628211UL;
        hash = (hash ^ '/') * 1099511628211UL;
        foreach (var c in distinguisher) hash = (hash ^ c) * 1099511628211UL;
        return hash ^ (hash >> 29);
    }

    private static IEnumerable<JsonObject> Objects(JsonObject? tree, string name) =>
        JsonTree.Array(tree, name)?.OfType<JsonObject>() ?? [];

    private static ImmutableArray<string> Strings(JsonObject tree, string name) =>
        [.. JsonTree.Array(tree, name)?.Select(JsonTree.AsString).OfType<string>() ?? []];

    private static bool Has(ImmutableArray<string> values, string value) => values.Contains(All) || values.Contains(value);

    /// <summary>Someone of its subjects asks for something of its rules.</summary>
    private sealed class Rule(JsonObject tree)
    {
        private readonly ImmutableArray<Subject> _subjects = [.. Objects(tree, "subjects").Select(Subject.Parse)];
        private readonly ImmutableArray<ResourceRule> _resources = [.. Objects(tree, "resourceRules").Select(static r => new ResourceRule(r))];
        private readonly ImmutableArray<PathRule> _paths = [.. Objects(tree, "nonResourceRules").Select(static r => new PathRule(r))];

        public bool Matches(in FlowRequest request)
        {
            var someone = false;
            foreach (var subject in _subjects) someone |= subject.Is(request.User);
            if (!someone) return false;
            if (request.Request.IsResource)
            {
                foreach (var rule in _resources)
                    if (rule.Matches(request)) return true;
                return false;
            }
            foreach (var rule in _paths)
                if (rule.Matches(request.Request)) return true;
            return false;
        }
    }

    private readonly record struct Subject(string Kind, string Name)
    {
        public static Subject Parse(JsonObject tree) => JsonTree.String(tree, "kind") switch
        {
            "User" => new Subject("User", JsonTree.String(JsonTree.Object(tree, "user"), "name") ?? ""),
            "Group" => new Subject("Group", JsonTree.String(JsonTree.Object(tree, "group"), "name") ?? ""),
            "ServiceAccount" when JsonTree.Object(tree, "serviceAccount") is { } account => JsonTree.String(account, "name") == All
                ? new Subject("Group", $"system:serviceaccounts:{JsonTree.String(account, "namespace")}")
                : new Subject("User", $"system:serviceaccount:{JsonTree.String(account, "namespace")}:{JsonTree.String(account, "name")}"),
            _ => new Subject("", ""),
        };

        public bool Is(UserInfo user) => Kind switch
        {
            "User" => Name == All || user.Name == Name,
            "Group" => Name == All || user.Groups.Contains(Name),
            _ => false,
        };
    }

    private sealed class ResourceRule(JsonObject tree)
    {
        private readonly ImmutableArray<string> _verbs = Strings(tree, "verbs");
        private readonly ImmutableArray<string> _groups = Strings(tree, "apiGroups");
        private readonly ImmutableArray<string> _resources = Strings(tree, "resources");
        private readonly ImmutableArray<string> _namespaces = Strings(tree, "namespaces");
        private readonly bool _clusterScope = JsonTree.Bool(tree, "clusterScope") == true;

        public bool Matches(in FlowRequest request)
        {
            var r = request.Request;
            return Has(_verbs, r.Verb) && Has(_groups, r.Group) && (_resources.Contains(All) || _resources.Contains(request.Resource))
                && (r.Namespace.Length == 0 ? _clusterScope : Has(_namespaces, r.Namespace));
        }
    }

    private sealed class PathRule(JsonObject tree)
    {
        private readonly ImmutableArray<string> _verbs = Strings(tree, "verbs");
        private readonly ImmutableArray<string> _paths = Strings(tree, "nonResourceURLs");

        public bool Matches(RequestInfo request)
        {
            if (!Has(_verbs, request.Verb)) return false;
            foreach (var path in _paths)
                if (path == All || path == request.Path || (path.EndsWith("/*", StringComparison.Ordinal) && request.Path.StartsWith(path[..^1], StringComparison.Ordinal))) return true;
            return false;
        }
    }
}
