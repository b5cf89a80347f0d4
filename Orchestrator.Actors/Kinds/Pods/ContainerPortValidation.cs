using System.Globalization;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>The ports of containers: unique names, and no port of the host twice.</summary>
internal static class ContainerPortValidation
{
    public static void ValidateNames(JsonObject container, FieldPath path, FaultList faults)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, port) in container.Entries("ports"))
        {
            if (JsonTree.String(port, "name") is { Length: > 0 } name && !names.Add(name))
                faults.Duplicate(path.Child("ports").Index(index).Child("name"), name);
        }
    }

    public static void ValidateHostPorts(JsonObject container, FieldPath path, HashSet<string> taken, FaultList faults)
    {
        foreach (var (index, port) in container.Entries("ports"))
        {
            if (JsonTree.Int64(port, "hostPort") is not (> 0 and var number)) continue;
            var text = $"{JsonTree.String(port, "protocol")}/{JsonTree.String(port, "hostIP")}/{number.ToString(CultureInfo.InvariantCulture)}";
            if (!taken.Add(text)) faults.Duplicate(path.Child("ports").Index(index).Child("hostPort"), text);
        }
    }

    /// <param name="template">In a template a port of the host may be left out: it is filled in when the pod is made.</param>
    public static void ValidateHostNetwork(JsonObject spec, FieldPath path, bool template, FaultList faults)
    {
        foreach (var (index, container) in spec.Entries("containers"))
            foreach (var (portIndex, port) in container.Entries("ports"))
            {
                var host = JsonTree.Int64(port, "hostPort") ?? 0;
                if (host == JsonTree.Int64(port, "containerPort") || (template && host == 0)) continue;
                faults.Invalid(path.Child("containers").Index(index).Child("ports").Index(portIndex).Child("hostPort"), host,
                    "must match `containerPort` when `hostNetwork` is true");
            }
    }
}
