using System.Text;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Registry;

/// <summary>Small objects as a registry stores them.</summary>
internal static class TestObjects
{
    public static readonly ResourceType ConfigMaps = ResourceTypes.ConfigMaps;

    public static UncommittedJson Json(ObjectKey key, string uid = "u1", string? data = null, JsonObject? status = null)
    {
        var tree = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace, ["uid"] = uid },
            ["spec"] = new JsonObject { ["data"] = data ?? key.Name },
        };
        if (status is not null) tree["status"] = status;
        return UncommittedJson.From(tree);
    }

    public static ObjectKey Key(string name, string ns = "default") => new(ns, name);

    public static CreateObject Create(string name, string ns = "default", string uid = "u1") => new(Key(name, ns), Json(Key(name, ns), uid));

    public static StoredObject Stored(string name, long revision, string ns = "default", string? data = null) =>
        new(Key(name, ns), revision, Json(Key(name, ns), data: data).WithRevision(revision));

    public static string Text(this StoredObject o) => Encoding.UTF8.GetString(o.Json.Span);
}
