using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>The volumes of a pod: unique names, one source each, and paths that stay inside.</summary>
internal static class VolumeValidation
{
    /// <returns>The names of the volumes, which mounts may refer to.</returns>
    public static HashSet<string> Validate(JsonObject spec, FieldPath path, FaultList faults)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, volume) in spec.Entries("volumes"))
        {
            var here = path.Index(index);
            var name = JsonTree.String(volume, "name") ?? "";
            if (!names.Add(name) && name.Length > 0) faults.Duplicate(here.Child("name"), name);
            ValidateSource(volume, here, faults);
        }
        return names;
    }

    private static void ValidateSource(JsonObject volume, FieldPath path, FaultList faults)
    {
        var sources = 0;
        for (var i = 0; i < volume.Count; i++)
        {
            var (source, value) = volume.GetAt(i);
            if (source == "name" || value is not JsonObject details) continue;
            var here = path.Child(source);
            if (++sources > 1) faults.Forbidden(here, "may not specify more than 1 volume type");
            else ValidateDetails(source, details, here, faults);
        }
        if (sources == 0) faults.Required(path, "must specify a volume type");
    }

    private static void ValidateDetails(string source, JsonObject details, FieldPath path, FaultList faults)
    {
        switch (source)
        {
            case "configMap":
                RequireText(details, "name", path, faults);
                ValidateItems(details, path, faults);
                break;
            case "secret":
                RequireText(details, "secretName", path, faults);
                ValidateItems(details, path, faults);
                break;
            case "hostPath":
                if (JsonTree.String(details, "path") is { } target && target.Split('/').Contains("..", StringComparer.Ordinal))
                    faults.Invalid(path.Child("path"), target, "must not contain '..'");
                break;
            case "emptyDir":
                if (JsonTree.String(details, "sizeLimit") is { } limit && Quantity.TryParse(limit, out var size) && size.Sign < 0)
                    faults.Forbidden(path.Child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
                break;
            case "nfs":
                if (JsonTree.String(details, "path") is { Length: > 0 } export && export[0] != '/') faults.Invalid(path.Child("path"), export, "must be an absolute path");
                break;
            case "csi":
                ValidateDriver(details, path, faults);
                break;
            case "downwardAPI":
                foreach (var (index, file) in details.Entries("items")) ValidateDownwardFile(file, path.Child("items").Index(index), faults);
                break;
            case "projected":
                foreach (var (index, part) in details.Entries("sources")) ValidateProjection(part, path.Child("sources").Index(index), faults);
                ValidateDistinct(details, path, faults);
                break;
            default:
                break;
        }
    }

    /// <summary>No two files of a projected volume may be in one place.</summary>
    private static void ValidateDistinct(JsonObject details, FieldPath path, FaultList faults)
    {
        var places = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (_, part) in details.Entries("sources"))
        {
            foreach (var (source, value) in part)
            {
                if (value is not JsonObject origin) continue;
                var named = source is "secret" or "configMap" ? JsonTree.String(origin, "name") : null;
                foreach (var (_, item) in origin.Entries("items")) Take(JsonTree.String(item, "path"), named);
                Take(JsonTree.String(origin, "path"), null);
            }
        }

        void Take(string? place, string? named)
        {
            if (!string.IsNullOrEmpty(place) && !places.Add(place)) faults.Invalid(path, named ?? place, "conflicting duplicate paths");
        }
    }

    private static void ValidateDriver(JsonObject details, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(details, "driver") is not { Length: > 0 } driver) return;
        if (driver.Length > ObjectNames.LabelLengthMax) faults.TooLong(path.Child("driver"), ObjectNames.LabelLengthMax);
        if (ObjectNames.Subdomain(driver.ToLowerInvariant()) is { } fault) faults.Invalid(path.Child("driver"), driver, fault);
    }

    private static void ValidateProjection(JsonObject projection, FieldPath path, FaultList faults)
    {
        var sources = 0;
        for (var i = 0; i < projection.Count; i++)
        {
            var (source, value) = projection.GetAt(i);
            if (value is not JsonObject details) continue;
            var here = path.Child(source);
            if (++sources > 1)
            {
                faults.Forbidden(here, "may not specify more than 1 volume type per source");
                continue;
            }
            if (source is "configMap" or "secret")
            {
                RequireText(details, "name", here, faults);
                ValidateItems(details, here, faults);
            }
            else if (source == "downwardAPI")
            {
                foreach (var (index, file) in details.Entries("items")) ValidateDownwardFile(file, here.Child("items").Index(index), faults);
            }
        }
    }

    private static void ValidateDownwardFile(JsonObject file, FieldPath path, FaultList faults)
    {
        ValidateRelativePath(JsonTree.String(file, "path"), path.Child("path"), faults);
        var field = JsonTree.Object(file, "fieldRef");
        var resource = JsonTree.Object(file, "resourceFieldRef");
        if (field is not null && resource is not null) faults.Invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
        else if (field is not null) EnvValidation.ValidateFieldRef(field, EnvValidation.VolumeFields, path.Child("fieldRef"), faults);
        else if (resource is not null) EnvValidation.ValidateResourceRef(resource, path.Child("resourceFieldRef"), faults, ofVolume: true);
        else faults.Required(path, "one of fieldRef and resourceFieldRef is required");
    }

    private static void ValidateItems(JsonObject details, FieldPath path, FaultList faults)
    {
        foreach (var (index, item) in details.Entries("items"))
            ValidateRelativePath(JsonTree.String(item, "path"), path.Child("items").Index(index).Child("path"), faults);
    }

    /// <summary>A path that leads out of its volume, or that the atomic writer keeps for itself, is refused.</summary>
    public static void ValidateRelativePath(string? text, FieldPath path, FaultList faults)
    {
        if (string.IsNullOrEmpty(text)) return;
        if (text.StartsWith('/')) faults.Invalid(path, text, "must be a relative path");
        if (text.Contains("..", StringComparison.Ordinal) && text.Split('/').Contains("..", StringComparer.Ordinal)) faults.Invalid(path, text, "must not contain '..'");
        else if (text.StartsWith("..", StringComparison.Ordinal)) faults.Invalid(path, text, "must not start with '..'");
    }

    private static void RequireText(JsonObject owner, string name, FieldPath path, FaultList faults)
    {
        if (string.IsNullOrEmpty(JsonTree.String(owner, name))) faults.Required(path.Child(name));
    }
}
