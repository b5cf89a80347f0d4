using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CsiDrivers;

/// <summary>A driver's name, policies and tokens, and what of it stays.</summary>
/// <remarks>Source: kubernetes pkg/apis/storage/validation.</remarks>
public sealed class CsiDriverValidation : IKindValidation
{
    private const long TokenSecondsMin = 600;
    private const long TokenSecondsMax = 1L << 32;

    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        StorageNames.ValidateDriver(FieldRules.NameOf(tree), FieldPath.Of("metadata").Child("name"), faults);
        if (JsonTree.Object(tree, "spec") is not { } spec) return;
        FieldRules.OneOf(spec, "fsGroupPolicy", ["ReadWriteOnceWithFSType", "File", "None"], Spec, faults, required: "");
        foreach (var mode in spec.Texts("volumeLifecycleModes"))
            if (mode is not ("Ephemeral" or "Persistent")) faults.NotSupported(Spec.Child("volumeLifecycleModes"), mode, ["Ephemeral", "Persistent"]);
        var audiences = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, request) in spec.Entries("tokenRequests"))
        {
            var path = Spec.Child("tokenRequests").Index(index);
            var audience = JsonTree.String(request, "audience") ?? "";
            if (!audiences.Add(audience)) faults.Duplicate(path.Child("audience"), audience);
            if (JsonTree.Int64(request, "expirationSeconds") is not { } seconds) continue;
            if (seconds < TokenSecondsMin) faults.Invalid(path.Child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes");
            if (seconds > TokenSecondsMax) faults.Invalid(path.Child("expirationSeconds"), seconds, "may not specify a duration larger than 2^32 seconds");
        }
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        foreach (var name in (ReadOnlySpan<string>)["attachRequired", "volumeLifecycleModes"])
            SelectorValidation.ValidateImmutable(JsonTree.Object(tree, "spec"), JsonTree.Object(stored, "spec"), name, Spec, faults);
    }
}
