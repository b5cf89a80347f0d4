using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CertificateSigningRequests;

/// <summary>What each path of a request may touch: the approval its decision, the status its certificate, and nobody its spec.</summary>
/// <remarks>Source: kubernetes pkg/registry/certificates/certificates/strategy.go. </remarks>
public sealed class CertificateSigningRequestStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
    }

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject();

    public void SetRequester(JsonObject tree, UserInfo user)
    {
        var spec = JsonTree.Ensure(tree, "spec");
        foreach (var name in (ReadOnlySpan<string>)["username", "uid", "groups", "extra"]) spec.Remove(name);
        spec["username"] = user.Name;
        if (user.Uid.Length > 0) spec["uid"] = user.Uid;
        if (!user.Groups.IsEmpty) spec["groups"] = new JsonArray([.. user.Groups.Select(static g => (JsonNode?)g)]);
        if (user.Extra.IsEmpty) return;
        var extra = new JsonObject();
        foreach (var (key, values) in user.Extra.OrderBy(static e => e.Key, StringComparer.Ordinal)) extra[key] = new JsonArray([.. values.Select(static v => (JsonNode?)v)]);
        spec["extra"] = extra;
    }

    public void PrepareForUpdate(JsonObject tree, JsonObject stored, string subresource)
    {
        tree["spec"] = stored["spec"]?.DeepClone();
        var (status, old) = (JsonTree.Ensure(tree, "status"), stored["status"] as JsonObject);
        switch (subresource)
        {
            case "approval":
                if (old?["certificate"] is { } certificate) status["certificate"] = certificate.DeepClone();
                else status.Remove("certificate");
                break;
            case "status":
                KeepDecision(status, old);
                break;
            default:
                break;
        }
    }

    public void SetTimes(JsonObject tree, JsonObject stored, string subresource, DateTimeOffset now)
    {
        var time = Rfc3339.Seconds(now);
        foreach (var (_, condition) in (tree["status"] as JsonObject).Entries("conditions"))
        {
            if (string.IsNullOrEmpty(JsonTree.String(condition, "lastUpdateTime"))) condition["lastUpdateTime"] = time;
            if (!string.IsNullOrEmpty(JsonTree.String(condition, "lastTransitionTime"))) continue;
            var before = (stored["status"] as JsonObject).Entries("conditions").Select(static c => c.Item)
                .FirstOrDefault(c => JsonTree.String(c, "type") == JsonTree.String(condition, "type") && JsonTree.String(c, "status") == JsonTree.String(condition, "status"));
            condition["lastTransitionTime"] = JsonTree.String(before, "lastTransitionTime") is { Length: > 0 } kept ? kept : time;
        }
    }

    /// <summary>A signer that writes its status from an older view must not take a decision back.</summary>
    private static void KeepDecision(JsonObject status, JsonObject? old)
    {
        var kept = new JsonArray();
        foreach (var (_, condition) in old.Entries("conditions"))
            if (JsonTree.String(condition, "type") is "Approved" or "Denied") kept.Add(condition.DeepClone());
        foreach (var (_, condition) in status.Entries("conditions"))
        {
            var type = JsonTree.String(condition, "type");
            if (!kept.Any(k => JsonTree.String(k as JsonObject, "type") == type)) kept.Add(condition.DeepClone());
        }
        if (kept.Count > 0) status["conditions"] = kept;
    }
}
