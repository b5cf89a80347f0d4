namespace Orchestrator.Actors.Serialization;

/// <summary>How one type of message is written and read. The manifest is part of the stored format: it never changes its meaning.</summary>
public sealed record WireCodec(Type Type, string Manifest, Func<object, byte[]> Write, Func<byte[], object> Read)
{
    /// <summary>Whether this codec writes <paramref name="message"/>, where one type has several manifests.</summary>
    public Predicate<object>? Variant { get; init; }

    /// <summary>A small fact of one message that stands behind the manifest and a colon, where the bytes must be someone else's form.</summary>
    public Func<object, string>? Detail { get; init; }

    /// <summary>Reads a message that has a <see cref="Detail"/>.</summary>
    public Func<byte[], string, object>? ReadWithDetail { get; init; }

    public delegate T Reader<out T>(ref WireReader reader);

    /// <summary>A codec in the compact binary form.</summary>
    public static WireCodec Binary<T>(string manifest, Action<WireWriter, T> write, Reader<T> read) where T : notnull => new(
        typeof(T),
        manifest,
        message =>
        {
            var writer = new WireWriter();
            write(writer, (T)message);
            return writer.ToArray();
        },
        bytes =>
        {
            var reader = new WireReader(bytes);
            return read(ref reader);
        });

    /// <summary>A codec as JSON, for messages that are rare or that people read in the journal.</summary>
    public static WireCodec Json<T>(string manifest) where T : notnull => new(
        typeof(T),
        manifest,
        message => System.Text.Json.JsonSerializer.SerializeToUtf8Bytes((T)message, WireJson.Options),
        bytes => System.Text.Json.JsonSerializer.Deserialize<T>(bytes, WireJson.Options)
            ?? throw new System.Runtime.Serialization.SerializationException($"a message {manifest} is null"));
}
