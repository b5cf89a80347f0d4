using System.Text.Json;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>The binding of a pod to a node: decided in the registry, where writes are serial.</summary>
public static class PodBinding
{
    /// <summary>Why the pod cannot be bound, in upstream's words; null when it can.</summary>
    public static ApiError? Refusal(StoredObject pod, BindPod bind)
    {
        if (pod.Meta.Deleting)
            return ApiError.Conflict(ResourceTypes.Pods, bind.Key.Name, $"pod {bind.Key.Name} is being deleted, cannot be assigned to a host");
        return NodeNameOf(pod.Json.Span) is { Length: > 0 } node
            ? ApiError.Conflict(ResourceTypes.Pods, bind.Key.Name, $"pod {bind.Key.Name} is already assigned to node \"{node}\"")
            : null;
    }

    /// <summary>The pod with <c>spec.nodeName</c> set and its condition PodScheduled true.</summary>
    public static UncommittedJson Bind(ReadOnlySpan<byte> pod, BindPod bind)
    {
        var layout = ObjectLayout.Of(pod);
        var spec = JsonNode.Parse(pod[layout.Spec!.Value])!.AsObject();
        spec["nodeName"] = bind.NodeName;
        var status = layout.Status is { } range ? JsonNode.Parse(pod[range])!.AsObject() : new JsonObject { ["phase"] = "Pending" };
        if (status["conditions"] is not JsonArray conditions) status["conditions"] = conditions = [];
        for (var i = conditions.Count - 1; i >= 0; i--)
            if ((string?)conditions[i]!["type"] == "PodScheduled") conditions.RemoveAt(i);
        conditions.Add(new JsonObject
        {
            ["type"] = "PodScheduled",
            ["status"] = "True",
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = bind.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
        });
        return ObjectSplice.Apply(pod, layout,
            new ObjectSplice.Edit(layout.Spec.Value, JsonTree.ToUtf8(spec)),
            ObjectSplice.StatusEdit(layout, JsonTree.ToUtf8(status)));
    }

    private static string? NodeNameOf(ReadOnlySpan<byte> pod)
    {
        var reader = new Utf8JsonReader(pod);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var here = reader.ValueTextEquals("spec"u8);
            reader.Read();
            if (!here)
            {
                reader.Skip();
                continue;
            }
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.ValueTextEquals("nodeName"u8);
                reader.Read();
                if (name) return reader.GetString();
                reader.Skip();
            }
            return null;
        }
        return null;
    }
}
