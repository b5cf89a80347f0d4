using System.Buffers.Text;

namespace Orchestrator.Actors.Resources;

/// <summary>An object ready to be committed: its JSON with <c>"resourceVersion":""</c>, and where the number goes.</summary>
/// <remarks>The version is known only at commit. Room is left for as many digits as the last version had, so that the bytes that were
/// written become the object's without a copy; where the room does not fit, splicing costs one copy and no second serialization.</remarks>
public sealed class UncommittedJson
{
    private const int DigitsMax = 20;

    // As many digits as the version had that was given out last, whatever its type: a wrong guess costs a copy.
    private static int s_digits = 1;

    // The object with room for the version in it. What stands in the room belongs to whoever took the bytes; the rest never changes.
    private readonly byte[] _json;
    private readonly int _room;
    private int _taken;

    /// <param name="bytes">The whole object in UTF-8, with an empty version.</param>
    /// <param name="versionOffset">The index between the two quotes of the version (bytes).</param>
    public UncommittedJson(byte[] bytes, int versionOffset)
        : this(bytes, versionOffset, room: 0)
    {
    }

    private UncommittedJson(byte[] json, int versionOffset, int room)
    {
        _json = json;
        VersionOffset = versionOffset;
        _room = room;
    }

    /// <summary>The index between the two quotes of the empty resourceVersion (bytes).</summary>
    public int VersionOffset { get; }

    /// <summary>The whole object in UTF-8, with an empty version; a copy where room was left.</summary>
    public byte[] Bytes => _room == 0 ? _json : Splice([]);

    /// <summary>Serializes <paramref name="tree"/>, the one time that happens; its <c>metadata</c> must be an object.</summary>
    public static UncommittedJson From(JsonObject tree)
    {
        var text = JsonText.Rent();
        var room = Volatile.Read(ref s_digits);
        var offset = -1;
        var separator = (byte)'{';
        foreach (var (name, value) in tree)
        {
            text.Byte(separator);
            text.Name(name);
            if (name == "metadata") offset = WriteMetadata(text, value!.AsObject(), room);
            else if (AdmittedSpec.Find(value) is { } known) text.Raw(known.Text);
            else text.Value(value);
            separator = (byte)',';
        }
        text.Byte((byte)'}');
        if (offset < 0) throw new ArgumentException("the object has no metadata", nameof(tree));
        var json = text.Written.ToArray();
        JsonText.Return(text);
        return new UncommittedJson(json, offset, room);
    }

    /// <summary>The final bytes of this object as of <paramref name="revision"/>, a copy.</summary>
    public byte[] WithRevision(long revision)
    {
        Span<byte> digits = stackalloc byte[DigitsMax];
        Utf8Formatter.TryFormat(revision, digits, out var length);
        return Splice(digits[..length]);
    }

    /// <summary>The final bytes of this object as of <paramref name="revision"/>, for the registry that gives it out. Who asks first gets
    /// the bytes that were written, which are nobody else's from then on.</summary>
    public byte[] Commit(long revision)
    {
        Span<byte> digits = stackalloc byte[DigitsMax];
        Utf8Formatter.TryFormat(revision, digits, out var length);
        if (length != s_digits) Volatile.Write(ref s_digits, length);
        if (_room != length || Interlocked.Exchange(ref _taken, 1) != 0) return Splice(digits[..length]);
        digits[..length].CopyTo(_json.AsSpan(VersionOffset));
        return _json;
    }

    private static int WriteMetadata(JsonText text, JsonObject metadata, int room)
    {
        text.Raw("{\"resourceVersion\":\""u8);
        var offset = text.Length;
        text.Raw("00000000000000000000"u8[..room]);
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

    private byte[] Splice(ReadOnlySpan<byte> version)
    {
        var rest = _json.AsSpan(VersionOffset + _room);
        var final = new byte[VersionOffset + version.Length + rest.Length];
        _json.AsSpan(0, VersionOffset).CopyTo(final);
        version.CopyTo(final.AsSpan(VersionOffset));
        rest.CopyTo(final.AsSpan(VersionOffset + version.Length));
        return final;
    }
}
