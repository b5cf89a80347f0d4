using Orchestrator.Actors.Admission.Matching;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Webhooks;

/// <summary>What a webhook answered, or why its answer is none.</summary>
/// <param name="Denial">The refusal, when it did not allow the request; or when the change that it wants is none.</param>
/// <param name="Patch">What it wants changed; null for nothing.</param>
/// <param name="Fault">What is wrong with the answer.</param>
internal sealed record AdmissionAnswer(ApiError? Denial, JsonNode? Patch, string? Fault)
{
    public JsonArray? Warnings { get; init; }

    public JsonObject? AuditAnnotations { get; init; }
}

/// <summary>AdmissionReview of admission.k8s.io, the question and the answer. Pure.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/plugin/webhook/request/admissionreview.go.</remarks>
internal static class AdmissionReview
{
    private const string Group = "admission.k8s.io/";

    /// <summary>Begins faults of answers that cannot be read at all, which count as calls that failed.</summary>
    private const string Failed = "failed to call webhook: ";

    /// <summary>Begins faults of answers that can be read and are none.</summary>
    private const string Invalid = "received invalid webhook response: ";

    /// <param name="matched">The version of the resource as which the webhook is asked.</param>
    /// <param name="shown">The states in that version.</param>
    public static byte[] Ask(AdmissionRequest request, AdmissionWebhook webhook, ResourceSchema matched, ShownObjects shown)
    {
        var (group, version, kind) = request.ObjectKind;
        var own = request.Subresource.Length > 0;
        var body = new JsonObject
        {
            ["uid"] = request.Uid,
            ["kind"] = ShownObjects.IsOfOtherKind(request) ? Kind(group, version, kind) : Kind(matched.Group, matched.Version, matched.Kind),
            ["resource"] = Resource(matched),
            ["requestKind"] = Kind(group, version, kind),
            ["requestResource"] = Resource(request.Schema),
        };
        if (own) body["subResource"] = request.Subresource;
        if (own) body["requestSubResource"] = request.Subresource;
        if (request.Key.Name.Length > 0) body["name"] = request.Key.Name;
        if (request.Key.Namespace.Length > 0) body["namespace"] = request.Key.Namespace;
        body["operation"] = RequestRule.NameOf(request.Operation);
        body["userInfo"] = User(request);
        body["object"] = shown.Object?.DeepClone();
        body["oldObject"] = shown.Old?.DeepClone();
        body["dryRun"] = request.DryRun;
        body["options"] = Options(request);
        var review = new JsonObject { ["kind"] = "AdmissionReview", ["apiVersion"] = Group + webhook.ReviewVersion, ["request"] = body };
        return JsonTree.ToUtf8(review);
    }

    /// <summary>Reads an answer.</summary>
    /// <param name="mutating">Whether it may ask for changes.</param>
    public static AdmissionAnswer Read(ReadOnlySpan<byte> json, AdmissionRequest request, AdmissionWebhook webhook, bool mutating)
    {
        var parsed = ObjectJson.Parse(json);
        if (parsed.Fault is { } unread) return Faulty($"{Failed}couldn't get version/kind; json parse error: {unread}");
        if (parsed.Tree is not JsonObject review) return Faulty($"{Failed}couldn't get version/kind; json parse error: json: cannot unmarshal {JsonTree.KindOf(parsed.Tree)} into Go value of type struct");
        if (CheckKind(review, webhook.ReviewVersion!) is { } other) return Faulty(other);
        if (JsonTree.Object(review, "response") is not { } response) return Faulty($"{Invalid}webhook response was absent");
        if (JsonTree.String(response, "uid") is var uid && uid != request.Uid && webhook.ReviewVersion == "v1")
            return Faulty($"{Invalid}expected response.uid={GoQuote.Quote(request.Uid)}, got {GoQuote.Quote(uid ?? "")}");

        var (warnings, audit) = (JsonTree.Array(response, "warnings"), JsonTree.Object(response, "auditAnnotations"));
        if (JsonTree.Bool(response, "allowed") != true)
            return new AdmissionAnswer(Denial(webhook.Name, JsonTree.Object(response, "status")), null, null) { Warnings = warnings, AuditAnnotations = audit };
        var answer = mutating ? ReadPatch(response) : new AdmissionAnswer(null, null, null);
        return answer with { Warnings = warnings, AuditAnnotations = audit };
    }

    private static string? CheckKind(JsonObject review, string version)
    {
        var (apiVersion, kind) = (JsonTree.String(review, "apiVersion") ?? "", JsonTree.String(review, "kind") ?? "");
        var expected = $"{Group}{version}, Kind=AdmissionReview";
        if ($"{apiVersion}, Kind={kind}" == expected) return null;
        if (apiVersion.Length == 0 || kind.Length == 0) return $"{Invalid}expected webhook response of {expected}, got {(apiVersion.Length == 0 ? "/" : apiVersion)}, Kind={kind}";
        // A review of the other version is read into a form of its own, and nothing arrives in the one that is looked at.
        return kind == "AdmissionReview" && apiVersion is Group + "v1" or Group + "v1beta1"
            ? $"{Invalid}expected webhook response of {expected}, got /, Kind="
            : $"{Failed}no kind {GoQuote.Quote(kind)} is registered for version {GoQuote.Quote(apiVersion)} in scheme \"pkg/runtime/scheme.go:100\"";
    }

    private static AdmissionAnswer ReadPatch(JsonObject response)
    {
        var (text, type) = (JsonTree.String(response, "patch"), JsonTree.String(response, "patchType"));
        if (string.IsNullOrEmpty(text)) return type is null ? new AdmissionAnswer(null, null, null) : Faulty($"{Invalid}webhook returned response.patchType but not response.patch");
        if (type is null) return Faulty($"{Invalid}webhook returned response.patch but not response.patchType");
        if (type != "JSONPatch") return Faulty($"{Invalid}invalid response.patchType of {GoQuote.Quote(type)}");
        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out var length)) return Faulty($"{Failed}illegal base64 data in response.patch");
        var patch = ObjectJson.Parse(bytes.AsSpan(0, length));
        // The webhook could be called, so its failurePolicy does not help: what it wants cannot be done.
        return patch.Fault is { } fault ? new AdmissionAnswer(ApiError.Internal(fault), null, null) : new AdmissionAnswer(null, patch.Tree, null);
    }

    // Source: pkg/admission/plugin/webhook/errors/statuserror.go.
    private static ApiError Denial(string webhook, JsonObject? status)
    {
        var code = (int)(JsonTree.Int64(status, "code") ?? 0);
        var reason = JsonTree.String(status, "reason") ?? "";
        var by = $"admission webhook {GoQuote.Quote(webhook)} denied the request";
        var message = JsonTree.String(status, "message") is { Length: > 0 } said ? $"{by}: {said}" : reason.Length > 0 ? $"{by}: {reason}" : $"{by} without explanation";
        return new ApiError(code < 400 ? 400 : code, reason, message);
    }

    /// <summary>A patch comes as the creation or the update that it leads to, and a connection has its options for its object.</summary>
    private static JsonObject? Options(AdmissionRequest request)
    {
        if (request.Operation == AdmissionOperation.Connect) return null;
        var options = new JsonObject { ["kind"] = $"{request.Operation}Options", ["apiVersion"] = "meta.k8s.io/v1" };
        if (request.DryRun) options["dryRun"] = new JsonArray("All");
        foreach (var (name, value) in request.Options ?? []) options[name] = value?.DeepClone();
        return options;
    }

    private static JsonObject User(AdmissionRequest request)
    {
        var user = new JsonObject { ["username"] = request.User.Name, ["groups"] = new JsonArray([.. request.User.Groups.Select(static g => (JsonNode?)g)]) };
        if (request.User.Uid.Length > 0) user["uid"] = request.User.Uid;
        if (!request.User.Extra.IsEmpty)
        {
            var extra = new JsonObject();
            foreach (var (key, values) in request.User.Extra) extra[key] = new JsonArray([.. values.Select(static v => (JsonNode?)v)]);
            user["extra"] = extra;
        }
        return user;
    }

    private static JsonObject Kind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static JsonObject Resource(ResourceSchema schema) => new() { ["group"] = schema.Group, ["version"] = schema.Version, ["resource"] = schema.Plural };

    private static AdmissionAnswer Faulty(string fault) => new(null, null, fault);
}
