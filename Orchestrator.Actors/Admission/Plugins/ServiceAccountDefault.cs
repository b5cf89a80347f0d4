using System.Security.Cryptography;
using System.Text;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Kinds.ConfigMaps;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Every pod runs as a service account of its namespace, the one named <c>default</c> unless it says otherwise, and gets a token of it.</summary>
/// <remarks>Source: kube-apiserver, admission plugin ServiceAccount. The account <c>default</c> need not be there: its controller
/// makes it with the namespace, and a pod that comes first must not fail for it.</remarks>
public sealed class ServiceAccountDefault : IAdmissionPlugin
{
    /// <summary>Where containers find the token. Source: client libraries of Kubernetes, which look nowhere else.</summary>
    public const string MountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

    public string Name => "ServiceAccount";

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Operation != AdmissionOperation.Create || request.Schema.Type != ResourceTypes.Pods || request.Subresource.Length > 0)
            return ValueTask.FromResult<ApiError?>(null);
        if (JsonTree.Object(request.Object, "spec") is not { } spec) return ValueTask.FromResult<ApiError?>(null);
        if (IsMirrorPod(request.Object!))
            return ValueTask.FromResult(JsonTree.String(spec, "serviceAccountName") is { Length: > 0 }
                ? ApiError.Forbidden(ResourceTypes.Pods, request.Key.Name, "a mirror pod may not reference service accounts") : null);

        var name = JsonTree.String(spec, "serviceAccountName");
        if (string.IsNullOrEmpty(name)) spec["serviceAccountName"] = name = "default";
        spec["serviceAccount"] = name;
        var key = new ObjectKey(request.Key.Namespace, name);
        var pending = registries.InformerAsync(ResourceTypes.ServiceAccounts, cancellationToken);
        var account = pending.IsCompletedSuccessfully ? pending.Result.Get(key) : null;
        if (account is null) return CheckAsync(request, spec, key, registries, cancellationToken);
        Complete(spec, key, account);
        return ValueTask.FromResult<ApiError?>(null);
    }

    private static async ValueTask<ApiError?> CheckAsync(AdmissionRequest request, JsonObject spec, ObjectKey key, IRegistries registries, CancellationToken cancellationToken)
    {
        // The account may have been made a moment ago through another process.
        var informer = await registries.ConsistentAsync(ResourceTypes.ServiceAccounts, cancellationToken).ConfigureAwait(false);
        var account = informer.Get(key);
        if (account is null && key.Name != "default")
            return ApiError.Forbidden(ResourceTypes.Pods, request.Key.Name, $"error looking up service account {key}: serviceaccount \"{key.Name}\" not found");
        Complete(spec, key, account);
        return null;
    }

    private static void Complete(JsonObject spec, ObjectKey key, StoredObject? account)
    {
        var view = account is null ? ServiceAccountView.Empty : ServiceAccountView.Of(account);
        if (spec["imagePullSecrets"] is null && view.ImagePullSecrets.Length > 0)
            spec["imagePullSecrets"] = new JsonArray([.. view.ImagePullSecrets.Select(static s => (JsonNode?)new JsonObject { ["name"] = s })]);
        if (JsonTree.Bool(spec, "automountServiceAccountToken") ?? view.Automount) Mount(spec, key);
    }

    private static void Mount(JsonObject spec, ObjectKey account)
    {
        TokenVolume? volume = null;
        // A pod that was made from another one brings the volume along.
        if (JsonTree.Array(spec, "volumes") is { } there)
            foreach (var v in there)
                if (JsonTree.String(v as JsonObject, "name") is { } given && given.StartsWith(TokenVolume.Prefix, StringComparison.Ordinal)) volume = new TokenVolume(account, given);
        var isNew = volume is null;
        volume ??= TokenVolume.Of(account);
        var mounted = false;
        foreach (var list in (ReadOnlySpan<string>)["initContainers", "containers"])
        {
            if (JsonTree.Array(spec, list) is not { } containers) continue;
            foreach (var container in containers) mounted |= container is JsonObject c && Mount(c, volume);
        }
        if (!mounted || !isNew) return;
        if (JsonTree.Array(spec, "volumes") is not { } volumes) spec["volumes"] = volumes = [];
        volumes.Add(volume.Volume);
    }

    private static bool Mount(JsonObject container, TokenVolume volume)
    {
        if (JsonTree.Array(container, "volumeMounts") is not { } mounts) container["volumeMounts"] = mounts = [];
        foreach (var mount in mounts)
            if (JsonTree.String(mount as JsonObject, "mountPath") == MountPath) return false;
        mounts.Add(volume.Mount);
        return true;
    }

    private static bool IsMirrorPod(JsonObject pod) =>
        JsonTree.At(pod, ["metadata", "annotations"]) is JsonObject annotations && annotations.ContainsKey("kubernetes.io/config.mirror");

    /// <summary>The volume with an account's token and where a container has it: the same in every pod of the account, so that pods of one
    /// template have one spec (<see cref="Schemas.TemplateSpec"/>). Nothing that comes after admission changes them.</summary>
    private sealed class TokenVolume(ObjectKey account, string name)
    {
        public const string Prefix = "kube-api-access-";

        private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

        private static TokenVolume? _last;

        private readonly ObjectKey _account = account;

        public JsonObject Volume { get; } = JsonTree.Frozen(new JsonObject { ["name"] = name, ["projected"] = Projected });

        public JsonObject Mount { get; } = JsonTree.Frozen(new JsonObject { ["name"] = name, ["readOnly"] = true, ["mountPath"] = MountPath });

        public static TokenVolume Of(ObjectKey account)
        {
            if (_last is { } last && last._account == account) return last;
            // What another volume is not called by chance.
            var suffix = SHA256.HashData(Encoding.UTF8.GetBytes(account.ToString())).Take(5).Select(static b => Alphabet[b % Alphabet.Length]);
            return _last = new TokenVolume(account, Prefix + string.Concat(suffix));
        }
    }

    // The same in every pod, and nothing that comes after admission changes it.
    private static readonly JsonObject Projected = JsonTree.Frozen(new JsonObject
    {
        ["sources"] = new JsonArray(
            new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = TokenRequests.PodSeconds, ["path"] = "token" } },
            new JsonObject
            {
                ["configMap"] = new JsonObject
                {
                    ["name"] = RootCertificateController.ConfigMapName,
                    ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }),
                },
            },
            new JsonObject
            {
                ["downwardAPI"] = new JsonObject
                {
                    ["items"] = new JsonArray(new JsonObject
                    {
                        ["path"] = "namespace",
                        ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
                    }),
                },
            }),
        ["defaultMode"] = 420,
    });
}
