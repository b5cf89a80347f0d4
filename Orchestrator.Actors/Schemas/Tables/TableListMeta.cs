using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>The ListMeta of a projected list.</summary>
/// <param name="ResourceVersion">The version as of which the list was read.</param>
/// <param name="Continue">The token of the next chunk; empty for the last one.</param>
/// <param name="RemainingItems">How many objects follow this chunk, where that is known.</param>
public readonly record struct TableListMeta(string ResourceVersion, string Continue = "", long? RemainingItems = null)
{
    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("resourceVersion"u8, ResourceVersion);
        if (Continue is { Length: > 0 }) writer.WriteString("continue"u8, Continue);
        if (RemainingItems is { } remaining) writer.WriteNumber("remainingItemCount"u8, remaining);
        writer.WriteEndObject();
    }
}
