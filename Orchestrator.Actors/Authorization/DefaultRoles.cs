using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authorization;

/// <summary>An object that every cluster has.</summary>
public sealed record DefaultObject(ResourceType Type, ObjectKey Key, JsonObject Tree);

/// <summary>Reads the default roles and bindings from their text, <c>DefaultRoles.txt</c>.</summary>
/// <remarks>
/// <code>
/// clusterrole NAME [aggregate=X] [label=X]       X stands for the label rbac.authorization.k8s.io/aggregate-to-X: "true"
/// role NAMESPACE/NAME
/// controller NAME                                the ClusterRole system:controller:NAME, bound to the account kube-system/NAME
///   GROUPS RESOURCES VERBS [RESOURCENAMES]       lists with commas; core is the group without a name
///   path URLS VERBS
/// clusterrolebinding NAME CLUSTERROLE [user=U] [group=G] [serviceaccount=NS/N]
/// rolebinding NAMESPACE/NAME ROLE ...
/// </code>
/// Verbs may be read (get, list, watch), write (create, delete, deletecollection, patch, update) or readwrite (both).
/// </remarks>
public static class DefaultRoles
{
    /// <summary>An administrator who sets this annotation to false keeps an object as it is.</summary>
    public const string AutoUpdate = "rbac.authorization.kubernetes.io/autoupdate";

    private const string Group = "rbac.authorization.k8s.io";
    private const string AggregationLabel = $"{Group}/aggregate-to-";

    private static readonly string[] Reads = ["get", "list", "watch"];
    private static readonly string[] Writes = ["create", "delete", "deletecollection", "patch", "update"];

    /// <summary>The objects, made anew at each call: roles first, then what binds them.</summary>
    public static ImmutableArray<DefaultObject> Read()
    {
        using var stream = typeof(DefaultRoles).Assembly.GetManifestResourceStream("Orchestrator.Actors.DefaultRoles.txt")
            ?? throw new InvalidOperationException("DefaultRoles.txt is not embedded");
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd());
    }

    internal static ImmutableArray<DefaultObject> Parse(string text)
    {
        var objects = new List<DefaultObject>();
        var bindings = new List<DefaultObject>();
        JsonArray? rules = null;
        foreach (var line in text.Split('\n'))
        {
            if (line.Length == 0 || line[0] == '#') continue;
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (line[0] == ' ')
            {
                (rules ?? throw new FormatException($"a rule of no role: {line}")).Add(Rule(words));
                continue;
            }
            switch (words[0])
            {
                case "clusterrole": objects.Add(Role(ResourceTypes.ClusterRoles, words, rules = [])); break;
                case "role": objects.Add(Role(ResourceTypes.Roles, words, rules = [])); break;
                case "controller":
                    var name = $"system:controller:{words[1]}";
                    objects.Add(Role(ResourceTypes.ClusterRoles, [words[0], name], rules = []));
                    bindings.Add(Binding(ResourceTypes.ClusterRoleBindings, [words[0], name, name, $"serviceaccount=kube-system/{words[1]}"]));
                    break;
                case "clusterrolebinding": bindings.Add(Binding(ResourceTypes.ClusterRoleBindings, words)); break;
                case "rolebinding": bindings.Add(Binding(ResourceTypes.RoleBindings, words)); break;
                default: throw new FormatException($"not a default role: {line}");
            }
        }
        return [.. objects, .. bindings];
    }

    private static DefaultObject Role(ResourceType type, string[] words, JsonArray rules)
    {
        var labels = new JsonObject { ["kubernetes.io/bootstrapping"] = "rbac-defaults" };
        JsonObject? aggregation = null;
        foreach (var word in words.Skip(2))
        {
            var (key, value) = Pair(word);
            if (key == "label") labels[AggregationLabel + value] = "true";
            else aggregation = new JsonObject
            {
                ["clusterRoleSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { [AggregationLabel + value] = "true" } }),
            };
        }
        var made = Object(type, type == ResourceTypes.Roles ? "Role" : "ClusterRole", words[1], labels);
        if (aggregation is not null) made.Tree["aggregationRule"] = aggregation;
        else made.Tree["rules"] = rules;
        return made;
    }

    private static DefaultObject Binding(ResourceType type, string[] words)
    {
        var cluster = type == ResourceTypes.ClusterRoleBindings;
        var made = Object(type, cluster ? "ClusterRoleBinding" : "RoleBinding", words[1], new JsonObject { ["kubernetes.io/bootstrapping"] = "rbac-defaults" });
        made.Tree["roleRef"] = new JsonObject { ["apiGroup"] = Group, ["kind"] = cluster ? "ClusterRole" : "Role", ["name"] = words[2] };
        var subjects = new JsonArray([.. words.Skip(3).Select(JsonNode? (w) => Subject(w))]);
        if (subjects.Count > 0) made.Tree["subjects"] = subjects;
        return made;
    }

    private static JsonObject Subject(string word)
    {
        var (kind, name) = Pair(word);
        if (kind != "serviceaccount") return new JsonObject { ["apiGroup"] = Group, ["kind"] = kind == "user" ? "User" : "Group", ["name"] = name };
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return new JsonObject { ["kind"] = "ServiceAccount", ["name"] = name[(slash + 1)..], ["namespace"] = name[..slash] };
    }

    private static DefaultObject Object(ResourceType type, string kind, string name, JsonObject labels)
    {
        var slash = type == ResourceTypes.Roles || type == ResourceTypes.RoleBindings ? name.IndexOf('/', StringComparison.Ordinal) : -1;
        var key = new ObjectKey(slash < 0 ? "" : name[..slash], name[(slash + 1)..]);
        var meta = new JsonObject
        {
            ["name"] = key.Name,
            ["labels"] = labels,
            ["annotations"] = new JsonObject { [AutoUpdate] = "true" },
        };
        if (key.Namespace.Length > 0) meta["namespace"] = key.Namespace;
        return new DefaultObject(type, key, new JsonObject { ["apiVersion"] = $"{Group}/v1", ["kind"] = kind, ["metadata"] = meta });
    }

    private static JsonObject Rule(string[] words)
    {
        if (words[0] == "path") return new JsonObject { ["nonResourceURLs"] = List(words[1]), ["verbs"] = Verbs(words[2]) };
        var rule = new JsonObject
        {
            ["apiGroups"] = new JsonArray([.. words[0].Split(',').Select(JsonNode? (g) => g == "core" ? "" : g)]),
            ["resources"] = List(words[1]),
            ["verbs"] = Verbs(words[2]),
        };
        if (words.Length > 3) rule["resourceNames"] = List(words[3]);
        return rule;
    }

    private static JsonArray Verbs(string text) => text switch
    {
        "read" => [.. Reads],
        "write" => [.. Writes],
        "readwrite" => [.. Reads.Concat(Writes).Order(StringComparer.Ordinal)],
        _ => List(text),
    };

    private static JsonArray List(string text) => new([.. text.Split(',').Select(JsonNode? (v) => v)]);

    private static (string Key, string Value) Pair(string word)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        return (word[..equals], word[(equals + 1)..]);
    }
}
