using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orchestrator.Actors.Resources;

/// <summary>Measures and shows values that may be large without holding all their JSON at once.</summary>
public static class JsonLength
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>How long a value is as JSON (bytes).</summary>
    public static long Of(JsonNode? value) => value is null ? "null".Length : Write(value, new Beginning(0));

    /// <summary>A value as JSON; of a longer one the beginning, and three dots.</summary>
    /// <param name="value">The value.</param>
    /// <param name="max">How much is shown (bytes).</param>
    public static string Shorten(JsonNode value, int max)
    {
        var beginning = new Beginning(max);
        var length = Write(value, beginning);
        // What was cut within a character ends with a replacement character, which says as much as the dots.
        var text = Encoding.UTF8.GetString(beginning.Kept);
        return length > max ? text + "..." : text;
    }

    private static long Write(JsonNode value, Beginning output)
    {
        using var writer = new Utf8JsonWriter(output, Options);
        value.WriteTo(writer);
        writer.Flush();
        return writer.BytesCommitted;
    }

    /// <summary>Keeps the beginning of what is written and lets the rest go.</summary>
    private sealed class Beginning(int max) : IBufferWriter<byte>
    {
        private readonly ArrayBufferWriter<byte> _kept = new();
        private byte[] _scratch = new byte[4096];

        public ReadOnlySpan<byte> Kept => _kept.WrittenSpan;

        public void Advance(int count) => _kept.Write(_scratch.AsSpan(0, Math.Min(count, max - _kept.WrittenCount)));

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            if (sizeHint > _scratch.Length) _scratch = new byte[sizeHint];
            return _scratch;
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
