using System.Buffers.Text;

namespace Orchestrator.Actors.Resources;

/// <summary>An object ready to be committed: its JSON with <c>"resourceVersion":""</c>, and where the number goes.</summary>
/// <param name="Bytes">The whole object in UTF-8.</param>
/// <param name="VersionOffset">The index between the two quotes of the empty resourceVersion (bytes).</param>
/// <remarks>The version is known only at commit; splicing it in costs one copy and no second serialization.</remarks>
public readonly record struct UncommittedJson(ReadOnlyMemory<byte> Bytes, int VersionOffset)
{
    /// <summary>Serializes <paramref name="tree"/>, the one time that happens; its <c>metadata</c> must be an object.</summary>
    public static UncommittedJson From(JsonObject tree)
    {
        var text = JsonText.Rent();
        var offset = -1;
        var separator = (byte)'{';
        foreach (var (name, value) in tree)
        {
            text.Byte(separator);
            text.Name(name);
            if (name == "metadata") offset = WriteMetadata(text, value!.AsObject());
            else text.Value(value);
            separator = (byte)',';
        }
        text.Byte((byte)'}');
        if (offset < 0) throw new ArgumentException("the object has no metadata", nameof(tree));
        var json = text.Written.ToArray();
        JsonText.Return(text);
        return new UncommittedJson(json, offset);
    }

    private static int WriteMetadata(JsonText text, JsonObject metadata)
    {
        text.Raw("{\"resourceVersion\":\""u8);
        var offset = text.Length;
        text.Byte((byte)'"');
        foreach (var (name, value) in metadata)
        {
            if (name == "resourceVersion") continue;
            text.Byte((byte)',');
            text.Name(name);
            text.Value(value);
        }
        text.Byte((byte)'}');
        return offset;
    }

    /// <summary>The final bytes of this object as of <paramref name="revision"/>.</summary>
    public byte[] WithRevision(long revision)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(revision, digits, out var length);
        var final = new byte[Bytes.Length + length];
        Bytes.Span[..VersionOffset].CopyTo(final);
        digits[..length].CopyTo(final.AsSpan(VersionOffset));
        Bytes.Span[VersionOffset..].CopyTo(final.AsSpan(VersionOffset + length));
        return final;
    }
}
