using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>One container of a pod.</summary>
internal static class ContainerValidation
{
    private static readonly string[] Probes = ["livenessProbe", "readinessProbe", "startupProbe"];

    /// <summary>What an ephemeral container, which joins a running pod, may not have.</summary>
    private static readonly string[] NotEphemeral = ["ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "resources"];

    /// <param name="container">The container.</param>
    /// <param name="path">Where it is.</param>
    /// <param name="volumes">The names of the pod's volumes.</param>
    /// <param name="names">The names of the containers before it.</param>
    /// <param name="faults">What is wrong.</param>
    public static void Validate(JsonObject container, FieldPath path, HashSet<string> volumes, HashSet<string> names, FaultList faults)
    {
        var name = JsonTree.String(container, "name") ?? "";
        if (name.Length > 0 && !names.Add(name)) faults.Duplicate(path.Child("name"), name);
        var image = JsonTree.String(container, "image") ?? "";
        if (image.Length == 0) faults.Required(path.Child("image"));
        else if (image.Trim().Length != image.Length) faults.Invalid(path.Child("image"), image, "must not have leading or trailing whitespace");

        ContainerPortValidation.ValidateNames(container, path, faults);
        EnvValidation.Validate(container, path, faults);
        ValidateMounts(container, path.Child("volumeMounts"), volumes, faults);
        foreach (var probe in Probes)
            if (container[probe] is JsonObject details) ValidateProbe(probe, details, path.Child(probe), faults);
        if (container["lifecycle"] is JsonObject lifecycle)
        {
            foreach (var hook in (ReadOnlySpan<string>)["postStart", "preStop"])
                if (lifecycle[hook] is JsonObject handler) ValidateHandler(handler, path.Child("lifecycle").Child(hook), faults);
        }
        SecurityValidation.ValidateContainer(container, path, faults);
        if (container["resources"] is JsonObject resources) ResourcesValidation.Validate(resources, path.Child("resources"), faults);
    }

    /// <summary>An init container ends before anything could ask whether it is alive, unless it stays as a sidecar.</summary>
    public static void ValidateInit(JsonObject container, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(container, "restartPolicy") == "Always") return;
        foreach (var name in (ReadOnlySpan<string>)["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"])
            if (container[name] is not null) faults.Forbidden(path.Child(name), "may not be set for init containers without restartPolicy=Always");
    }

    public static void ValidateEphemeral(JsonObject container, FieldPath path, HashSet<string> volumes, HashSet<string> names, FaultList faults)
    {
        foreach (var name in NotEphemeral)
            if (container[name] is JsonArray { Count: > 0 } or JsonObject { Count: > 0 })
                faults.Forbidden(path.Child(name), "cannot be set for an Ephemeral Container");
        var own = JsonTree.String(container, "name") ?? "";
        if (own.Length > 0 && !names.Add(own)) faults.Duplicate(path.Child("name"), own);
        if (string.IsNullOrEmpty(JsonTree.String(container, "image"))) faults.Required(path.Child("image"));
        EnvValidation.Validate(container, path, faults);
        ValidateMounts(container, path.Child("volumeMounts"), volumes, faults);
        SecurityValidation.ValidateContainer(container, path, faults);
    }

    private static void ValidateMounts(JsonObject container, FieldPath path, HashSet<string> volumes, FaultList faults)
    {
        var places = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, mount) in container.Entries("volumeMounts"))
        {
            var here = path.Index(index);
            if (JsonTree.String(mount, "name") is { Length: > 0 } name && !volumes.Contains(name)) faults.NotFound(here.Child("name"), name);
            if (JsonTree.String(mount, "mountPath") is { Length: > 0 } place && !places.Add(place))
                faults.Invalid(here.Child("mountPath"), place, "must be unique");
            var subPath = JsonTree.String(mount, "subPath");
            var expression = JsonTree.String(mount, "subPathExpr");
            VolumeValidation.ValidateRelativePath(subPath, here.Child("subPath"), faults);
            VolumeValidation.ValidateRelativePath(expression, here.Child("subPathExpr"), faults);
            if (!string.IsNullOrEmpty(subPath) && !string.IsNullOrEmpty(expression))
                faults.Invalid(here.Child("subPathExpr"), expression, "subPathExpr and subPath are mutually exclusive");
            if (JsonTree.String(mount, "mountPropagation") == "Bidirectional" && JsonTree.Bool(JsonTree.Object(container, "securityContext"), "privileged") != true)
                faults.Forbidden(here.Child("mountPropagation"), "Bidirectional mount propagation is available only to privileged containers");
        }
    }

    private static void ValidateProbe(string kind, JsonObject probe, FieldPath path, FaultList faults)
    {
        ValidateHandler(probe, path, faults);
        // A container that was found alive once is alive: only readiness can ask for a row of successes.
        if (kind != "readinessProbe" && JsonTree.Int64(probe, "successThreshold") is { } successes and not 1)
            faults.Invalid(path.Child("successThreshold"), successes, "must be 1");
        if (kind == "readinessProbe" && JsonTree.Int64(probe, "terminationGracePeriodSeconds") is { } seconds)
            faults.Invalid(path.Child("terminationGracePeriodSeconds"), seconds, "must not be set for readinessProbes");
    }

    /// <summary>A probe or a hook: exactly one way to do it.</summary>
    private static void ValidateHandler(JsonObject handler, FieldPath path, FaultList faults)
    {
        var given = 0;
        foreach (var name in (ReadOnlySpan<string>)["exec", "httpGet", "tcpSocket", "grpc", "sleep"])
        {
            if (handler[name] is not JsonObject action) continue;
            var here = path.Child(name);
            if (++given > 1) faults.Forbidden(here, "may not specify more than 1 handler type");
            else ValidateAction(name, action, here, faults);
        }
        if (given == 0) faults.Required(path, "must specify a handler type");
    }

    private static void ValidateAction(string name, JsonObject action, FieldPath path, FaultList faults)
    {
        switch (name)
        {
            case "exec":
                if (action.CountOf("command") == 0) faults.Required(path.Child("command"));
                break;
            case "httpGet" or "tcpSocket" or "grpc":
                foreach (var (_, header) in action.Entries("httpHeaders"))
                    if (JsonTree.String(header, "name") is { Length: > 0 } key && ObjectNames.HeaderName(key) is { } fault) faults.Invalid(path.Child("httpHeaders"), key, fault);
                SelectorValidation.ValidatePort(action["port"], path.Child("port"), faults);
                break;
            default:
                break;
        }
    }
}
