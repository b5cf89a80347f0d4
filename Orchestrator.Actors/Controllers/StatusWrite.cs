using System.Text.Json;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Controllers;

/// <summary>Status writes that happen only when something differs.</summary>
public static class StatusWrite
{
    /// <summary>The write of <paramref name="status"/>, or null when the object has it already.</summary>
    /// <remarks>It holds for the version that was looked at: a status is written whole, and what others wrote to it meanwhile, such as
    /// conditions of their own, would be lost. The next pass sees theirs.</remarks>
    public static StatusAction? IfChanged(ResourceType type, StoredObject o, JsonObject status) =>
        JsonTree.DeepEquals(Current(o), status) ? null : new StatusAction(type, o.Key, o.Meta.Uid, status, o.Revision);

    /// <summary>A copy of the object's status that may be changed.</summary>
    public static JsonObject Current(StoredObject o)
    {
        using var document = JsonDocument.Parse(o.Json);
        var status = document.RootElement.Get("status");
        return status.ValueKind == JsonValueKind.Object ? JsonNode.Parse(status.GetRawText())!.AsObject() : [];
    }

    /// <summary>Sets a condition. The same status and reason change nothing; the same status keeps its transition time.</summary>
    /// <param name="withUpdateTime">Deployments also say when a condition was last looked at.</param>
    /// <returns>Whether anything changed.</returns>
    public static bool SetCondition(
        JsonObject status, string type, string value, string reason, string message, DateTimeOffset now, bool withUpdateTime = false)
    {
        if (status["conditions"] is not JsonArray conditions) status["conditions"] = conditions = [];
        var transition = KindTime.Format(now);
        for (var i = 0; i < conditions.Count; i++)
        {
            if (conditions[i] is not JsonObject old || JsonTree.String(old, "type") != type) continue;
            var sameStatus = JsonTree.String(old, "status") == value;
            if (sameStatus && (JsonTree.String(old, "reason") ?? "") == reason) return false;
            if (sameStatus) transition = JsonTree.String(old, "lastTransitionTime") ?? transition;
            conditions.RemoveAt(i);
            break;
        }
        var condition = new JsonObject { ["type"] = type, ["status"] = value };
        if (withUpdateTime) condition["lastUpdateTime"] = KindTime.Format(now);
        condition["lastTransitionTime"] = transition;
        if (reason.Length > 0) condition["reason"] = reason;
        if (message.Length > 0) condition["message"] = message;
        conditions.Add(condition);
        return true;
    }

    public static void RemoveCondition(JsonObject status, string type)
    {
        if (status["conditions"] is not JsonArray conditions) return;
        for (var i = conditions.Count - 1; i >= 0; i--)
            if (JsonTree.String(conditions[i] as JsonObject, "type") == type) conditions.RemoveAt(i);
        if (conditions.Count == 0) status.Remove("conditions");
    }

    public static JsonObject? Condition(JsonObject status, string type)
    {
        foreach (var node in JsonTree.Array(status, "conditions") ?? [])
            if (node is JsonObject condition && JsonTree.String(condition, "type") == type) return condition;
        return null;
    }

    /// <summary>Sets a number, or takes the field away when it is zero, as Kubernetes omits it.</summary>
    public static void SetCount(JsonObject status, string name, long value)
    {
        if (value == 0) status.Remove(name);
        else status[name] = value;
    }
}
