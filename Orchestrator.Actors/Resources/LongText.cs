using System.Text.Json;

namespace Orchestrator.Actors.Resources;

/// <summary>Writes texts that may be long into JSON, part by part.</summary>
/// <remarks>A writer that escapes a text borrows six times its length from a pool, and the pool keeps the largest arrays of every thread: a
/// message of a megabyte would cost each thread sixteen, long after it was sent.</remarks>
public static class LongText
{
    /// <summary>Longer texts are written in parts of this length (characters).</summary>
    private const int PartLength = 4096;

    /// <summary>Writes a property whose value is a text.</summary>
    public static void WriteText(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, string text)
    {
        if (text.Length <= PartLength)
        {
            writer.WriteString(name, text);
            return;
        }
        writer.WritePropertyName(name);
        var rest = text.AsSpan();
        for (; rest.Length > PartLength; rest = rest[PartLength..]) writer.WriteStringValueSegment(rest[..PartLength], isFinalSegment: false);
        writer.WriteStringValueSegment(rest, isFinalSegment: true);
    }
}
