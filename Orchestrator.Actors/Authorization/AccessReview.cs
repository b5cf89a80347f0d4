using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authorization;

/// <summary>A request as a SubjectAccessReview tells of it.</summary>
/// <remarks>Source: k8s.io/apiserver, plugin/pkg/authorizer/webhook and pkg/authorization/cel.</remarks>
public static class AccessReview
{
    /// <summary>The spec as a service is sent it: without what is empty.</summary>
    public static JsonObject Spec(AccessRequest request)
    {
        var spec = new JsonObject { ["user"] = request.User.Name };
        if (request.User.Uid.Length > 0) spec["uid"] = request.User.Uid;
        if (!request.User.Groups.IsEmpty) spec["groups"] = List(request.User.Groups);
        if (!request.User.Extra.IsEmpty) spec["extra"] = Extra(request);
        if (!request.IsResource)
        {
            spec["nonResourceAttributes"] = Path(request);
            return spec;
        }
        var resource = new JsonObject();
        foreach (var (name, value) in Attributes(request))
            if (value.Length > 0) resource[name] = value;
        AddSelectors(request, resource);
        spec["resourceAttributes"] = resource;
        return spec;
    }

    /// <summary>The spec as expressions see it: texts that are empty are there all the same.</summary>
    public static JsonObject Whole(AccessRequest request)
    {
        var spec = new JsonObject { ["user"] = request.User.Name, ["uid"] = request.User.Uid, ["groups"] = List(request.User.Groups), ["extra"] = Extra(request) };
        if (!request.IsResource)
        {
            spec["nonResourceAttributes"] = Path(request);
            return spec;
        }
        var resource = new JsonObject();
        foreach (var (name, value) in Attributes(request)) resource[name] = value;
        AddSelectors(request, resource);
        spec["resourceAttributes"] = resource;
        return spec;
    }

    private static (string, string)[] Attributes(AccessRequest request) =>
    [
        ("verb", request.Verb), ("namespace", request.Namespace), ("group", request.Group), ("version", request.Version),
        ("resource", request.Resource), ("subresource", request.Subresource), ("name", request.Name),
    ];

    private static JsonObject Path(AccessRequest request) => new() { ["path"] = request.Path, ["verb"] = request.Verb };

    private static JsonObject Extra(AccessRequest request) =>
        new(request.User.Extra.OrderBy(static e => e.Key, StringComparer.Ordinal).Select(static e => KeyValuePair.Create(e.Key, (JsonNode?)List(e.Value))));

    // What cannot be read narrows nothing, and the list itself is refused for it later.
    private static void AddSelectors(AccessRequest request, JsonObject resource)
    {
        var fields = new JsonArray();
        if (request.FieldSelector is { Length: > 0 } selector)
            foreach (var term in FieldSelector.TermsOf(selector))
                fields.Add(Requirement(term.Key, term.Equal ? "In" : "NotIn", [term.Value]));
        var labels = new JsonArray();
        if (request.LabelSelector.Length > 0)
            foreach (var term in LabelSelector.Parse(request.LabelSelector, out _)?.Requirements ?? [])
                if (term.Operator is LabelOperator.In or LabelOperator.NotIn or LabelOperator.Exists or LabelOperator.DoesNotExist)
                    labels.Add(Requirement(term.Key, term.Operator.ToString(), term.Values));
        if (fields.Count > 0) resource["fieldSelector"] = new JsonObject { ["requirements"] = fields };
        if (labels.Count > 0) resource["labelSelector"] = new JsonObject { ["requirements"] = labels };
    }

    private static JsonObject Requirement(string key, string op, ImmutableArray<string> values)
    {
        var requirement = new JsonObject { ["key"] = key, ["operator"] = op };
        if (!values.IsEmpty) requirement["values"] = List(values);
        return requirement;
    }

    private static JsonArray List(ImmutableArray<string> values) => new([.. values.Select(static v => (JsonNode?)v)]);
}
