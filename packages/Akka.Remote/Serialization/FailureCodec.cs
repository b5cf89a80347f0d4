using System.Runtime.Serialization;
using Akka.Actor;

namespace Akka.Remote.Serialization;

/// <summary>
/// Exceptions on the wire: kind, message, and cause. Only kinds of this list come back as themselves, because what arrives
/// may not choose a type; any other becomes a <see cref="RemoteFailureException"/> that names it.
/// </summary>
internal static class FailureCodec
{
    private const int MaxDepth = 8;

    private static readonly Dictionary<string, Func<string, Exception?, Exception>> Known = new(StringComparer.Ordinal)
    {
        [typeof(ArgumentException).FullName!] = (m, c) => new ArgumentException(m, c),
        [typeof(InvalidOperationException).FullName!] = (m, c) => new InvalidOperationException(m, c),
        [typeof(NotSupportedException).FullName!] = (m, c) => new NotSupportedException(m, c),
        [typeof(KeyNotFoundException).FullName!] = (m, c) => new KeyNotFoundException(m, c),
        [typeof(TimeoutException).FullName!] = (m, c) => new TimeoutException(m, c),
        [typeof(OperationCanceledException).FullName!] = (m, c) => new OperationCanceledException(m, c),
        [typeof(UnauthorizedAccessException).FullName!] = (m, c) => new UnauthorizedAccessException(m, c),
        [typeof(IOException).FullName!] = (m, c) => new IOException(m, c),
        [typeof(FormatException).FullName!] = (m, c) => new FormatException(m, c),
        [typeof(SerializationException).FullName!] = (m, c) => new SerializationException(m, c),
        [typeof(AskTimeoutException).FullName!] = (m, _) => new AskTimeoutException(m),
        [typeof(ActorNotFoundException).FullName!] = (m, c) => new ActorNotFoundException(m, c),
    };

    public static void Write(PayloadWriter writer, Exception? failure, int depth = 0)
    {
        writer.WriteBool(failure is not null && depth < MaxDepth);
        if (failure is null || depth >= MaxDepth)
            return;
        writer.WriteString(failure is RemoteFailureException remote ? remote.OriginalType : failure.GetType().FullName ?? "");
        writer.WriteString(failure.Message);
        writer.WriteString(failure.StackTrace ?? "");
        Write(writer, failure.InnerException, depth + 1);
    }

    public static Exception? Read(ref PayloadReader reader, int depth = 0)
    {
        if (!reader.ReadBool())
            return null;
        if (depth >= MaxDepth)
            throw new SerializationException("A failure has too many causes.");
        var type = reader.ReadString();
        var message = reader.ReadString();
        var stackTrace = reader.ReadString();
        var cause = Read(ref reader, depth + 1);
        return Known.TryGetValue(type, out var create) ? create(message, cause) : new RemoteFailureException(type, message, stackTrace, cause);
    }
}

/// <summary>A failure in another system, of a type that is not taken over from there.</summary>
internal sealed class RemoteFailureException(string originalType, string message, string remoteStackTrace, Exception? cause)
    : AkkaException(message, cause)
{
    /// <summary>Full name of the exception's class in the other system.</summary>
    public string OriginalType { get; } = originalType;

    public string RemoteStackTrace { get; } = remoteStackTrace;

    /// <inheritdoc />
    public override string ToString() => $"{OriginalType} (in another system): {Message}\n{RemoteStackTrace}";
}
