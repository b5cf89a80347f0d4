using Akka.Actor;
using Akka.Pattern;

namespace Akka.Serialization;

/// <summary>An error of another node: its message, and in <see cref="Exception.ToString"/> its type and stack trace there.</summary>
internal sealed class WrittenException(string typeName, string message, string details) : AkkaException(message)
{
    // Errors that callers tell apart come back as what they were; of others the type may not exist here.
    private static readonly Dictionary<string, Func<string, Exception>> Known = new(StringComparer.Ordinal)
    {
        [typeof(AskTimeoutException).FullName] = m => new AskTimeoutException(m),
        [typeof(ActorNotFoundException).FullName] = m => new ActorNotFoundException(m),
        [typeof(OpenCircuitException).FullName] = m => new OpenCircuitException(m),
        [typeof(TimeoutException).FullName] = m => new TimeoutException(m),
        [typeof(OperationCanceledException).FullName] = m => new OperationCanceledException(m),
        [typeof(InvalidOperationException).FullName] = m => new InvalidOperationException(m),
        [typeof(NotSupportedException).FullName] = m => new NotSupportedException(m),
        [typeof(ArgumentException).FullName] = m => new ArgumentException(m),
    };

    public string TypeName => typeName;

    public override string ToString() => string.IsNullOrEmpty(details) ? $"{typeName}: {Message}" : details;

    public static void Write(BinaryWriter writer, Exception cause)
    {
        writer.Write(cause is WrittenException written ? written.TypeName : cause.GetType().FullName);
        writer.Write(cause.Message);
        writer.Write(cause.ToString());
    }

    public static Exception Read(BinaryReader reader)
    {
        var (typeName, message, details) = (reader.ReadString(), reader.ReadString(), reader.ReadString());
        return Known.TryGetValue(typeName, out var make) ? make(message) : new WrittenException(typeName, message, details);
    }
}
