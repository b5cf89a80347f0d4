using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Authorization;

/// <summary>The secrets that a kubelet needs to mount a PersistentVolume for a pod.</summary>
/// <remarks>Those that only controllers use, to provision and to attach, are not among them. Source: pkg/api/v1/persistentvolume, VisitPVSecretNames.</remarks>
internal static class VolumeSecrets
{
    private static readonly string[] References = ["secretRef", "nodeStageSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"];

    /// <summary>The claim that a volume is bound to; null while it is to none.</summary>
    public static ObjectKey? ClaimOf(StoredObject volume)
    {
        using var document = JsonDocument.Parse(volume.Json);
        return ClaimOf(document.RootElement.Get("spec"));
    }

    /// <summary>Each secret of a volume, and the claim for whose sake it may be read.</summary>
    public static IEnumerable<(ObjectKey Secret, ObjectKey Claim)> Of(StoredObject volume)
    {
        using var document = JsonDocument.Parse(volume.Json);
        var spec = document.RootElement.Get("spec");
        if (ClaimOf(spec) is not { } claim) return [];
        var found = new HashSet<(ObjectKey, ObjectKey)>();
        foreach (var source in spec.EnumerateObject())
        {
            if (source.Value.ValueKind != JsonValueKind.Object) continue;
            // A secret without a namespace is in that of the claim.
            void Add(string ns, string name)
            {
                if (name.Length > 0) found.Add((new ObjectKey(ns.Length > 0 ? ns : claim.Namespace, name), claim));
            }
            if (source.Name == "azureFile") Add(source.Value.Text("secretNamespace"), source.Value.Text("secretName"));
            foreach (var reference in References)
                if (source.Value.Get(reference) is { ValueKind: JsonValueKind.Object } secret) Add(secret.Text("namespace"), secret.Text("name"));
        }
        return found;
    }

    private static ObjectKey? ClaimOf(JsonElement spec)
    {
        var claim = spec.Get("claimRef");
        return claim.Text("name") is { Length: > 0 } name ? new ObjectKey(claim.Text("namespace"), name) : null;
    }
}
