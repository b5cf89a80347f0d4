using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>Volumes, claims, classes and drivers.</summary>
internal static class StorageTables
{
    private const string DefaultClassAnnotation = "storageclass.kubernetes.io/is-default-class";

    public static TableLayout PersistentVolumes { get; } = new(
        "Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, VolumeAttributesClass, Reason, Age, VolumeMode*", static row =>
        {
            var claim = row.Spec.Get("claimRef");
            row.Name().Text(row.Spec.Get("capacity").Text("storage")).Text(AccessModes(row.Spec))
                .Text(row.Spec.Text("persistentVolumeReclaimPolicy")).Text(Phase(row))
                .Text(claim.Exists() ? $"{claim.Text("namespace")}/{claim.Text("name")}" : "").Text(Class(row))
                .TextOr(row.Spec.Text("volumeAttributesClassName"), "<unset>").Text(row.Status.Text("reason")).Age()
                .TextOr(row.Spec.Text("volumeMode"), "<unset>");
        });

    public static TableLayout PersistentVolumeClaims { get; } = new(
        "Name, Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, Age, VolumeMode*", static row =>
        {
            var bound = row.Spec.Text("volumeName").Length > 0;
            row.Name().Text(Phase(row)).Text(row.Spec.Text("volumeName"))
                .Text(bound ? row.Status.Get("capacity").Text("storage") : "").Text(bound ? AccessModes(row.Status) : "")
                .Text(Class(row)).TextOr(row.Spec.Text("volumeAttributesClassName"), "<unset>").Age()
                .TextOr(row.Spec.Text("volumeMode"), "<unset>");
        });

    public static TableLayout StorageClasses { get; } = new(
        "Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age", static row =>
        {
            var isDefault = row.Metadata.Get("annotations").Text(DefaultClassAnnotation) == "true";
            row.Text(row.Metadata.Text("name") + (isDefault ? " (default)" : "")).Text(row.Object.Text("provisioner"))
                .TextOr(row.Object.Text("reclaimPolicy"), "Delete").TextOr(row.Object.Text("volumeBindingMode"), "Immediate")
                .Flag(row.Object.Flag("allowVolumeExpansion")).Age();
        });

    public static TableLayout VolumeAttachments { get; } = new("Name, Attacher, PV, Node, Attached:boolean, Age", static row =>
        row.Name().Text(row.Spec.Text("attacher")).Text(row.Spec.Get("source").Text("persistentVolumeName")).Text(row.Spec.Text("nodeName"))
            .Flag(row.Status.Flag("attached")).Age());

    public static TableLayout CsiNodes { get; } = new("Name, Drivers:integer, Age", static row =>
        row.Name().Number(row.Spec.Count("drivers")).Age());

    public static TableLayout CsiDrivers { get; } = new(
        "Name, AttachRequired:boolean, PodInfoOnMount:boolean, StorageCapacity:boolean, TokenRequests, RequiresRepublish:boolean, Modes, Age",
        static row =>
        {
            var audiences = row.Spec.Joined("tokenRequests", "audience");
            var modes = row.Spec.Joined("volumeLifecycleModes");
            row.Name().Flag(!row.Spec.Get("attachRequired").Exists() || row.Spec.Flag("attachRequired")).Flag(row.Spec.Flag("podInfoOnMount"))
                .Flag(row.Spec.Flag("storageCapacity")).TextOr(audiences, "<unset>").Flag(row.Spec.Flag("requiresRepublish"))
                .TextOr(modes, "<none>").Age();
        });

    public static TableLayout CsiStorageCapacities { get; } = new("Name, StorageClassName, Capacity", static row =>
        row.Name().Text(row.Object.Text("storageClassName")).TextOr(row.Object.Text("capacity"), "<unset>"));

    private static string Phase(TableRow row) =>
        row.Metadata.Get("deletionTimestamp").Exists() ? "Terminating" : row.Status.Text("phase");

    // The annotation is older than the field and wins where both are there.
    private static string Class(TableRow row) =>
        row.Metadata.Get("annotations").Text("volume.beta.kubernetes.io/storage-class") is { Length: > 0 } old ? old : row.Spec.Text("storageClassName");

    private static string AccessModes(JsonElement holder)
    {
        var given = holder.Items("accessModes").Select(static m => m.Text()).ToHashSet(StringComparer.Ordinal);
        (string Name, string Short)[] known =
            [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
        return string.Join(',', known.Where(m => given.Contains(m.Name)).Select(static m => m.Short));
    }
}
