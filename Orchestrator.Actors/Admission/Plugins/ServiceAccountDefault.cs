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

    private const string VolumePrefix = "kube-api-access-";

    private static TokenVolume? _lastVolume;

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
        var volume = "";
        // A pod that was made from another one brings the volume along.
        if (JsonTree.Array(spec, "volumes") is { } there)
            foreach (var v in there)
                if (JsonTree.String(v as JsonObject, "name") is { } given && given.StartsWith(VolumePrefix, StringComparison.Ordinal)) volume = given;
        var isNew = volume.Length == 0;
        if (isNew) volume = VolumeOf(account);
        var mounted = false;
        foreach (var list in (ReadOnlySpan<string>)["initContainers", "containers"])
        {
            if (JsonTree.Array(spec, list) is not { } containers) continue;
            foreach (var container in containers) mounted |= container is JsonObject c && Mount(c, volume);
        }
        if (!mounted || !isNew) return;
        if (JsonTree.Array(spec, "volumes") is not { } volumes) spec["volumes"] = volumes = [];
        volumes.Add(Volume(volume));
    }

    /// <summary>The same for all pods of an account, so that pods of one template have one spec (<see cref="Schemas.TemplateSpec"/>); what another volume may
    /// be called by chance is not.</summary>
    private static string VolumeOf(ObjectKey account)
    {
        if (_lastVolume is { } last && last.Account == account) return last.Name;
        const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
        var suffix = SHA256.HashData(Encoding.UTF8.GetBytes(account.ToString())).Take(5).Select(static b => Alphabet[b % Alphabet.Length]);
        var name = VolumePrefix + string.Concat(suffix);
        _lastVolume = new TokenVolume(account, name);
        return name;
    }

    private sealed record TokenVolume(ObjectKey Account, string Name);

    private static bool Mount(JsonObject container, string volume)
    {
        if (JsonTree.Array(container, "volumeMounts") is not { } mounts) container["volumeMounts"] = mounts = [];
        foreach (var mount in mounts)
            if (JsonTree.String(mount as JsonObject, "mountPath") == MountPath) return false;
        mounts.Add(new JsonObject { ["name"] = volume, ["readOnly"] = true, ["mountPath"] = MountPath });
        return true;
    }

    private static JsonObject Volume(string name) => new() { ["name"] = name, ["projected"] = Projected };

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

    private static bool IsMirrorPod(JsonObject pod) =>
        JsonTree.At(pod, ["metadata", "annotations"]) is JsonObject annotations && annotations.ContainsKey("kubernetes.io/config.mirror");
}
