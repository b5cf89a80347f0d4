using System.Runtime.Serialization;
using Akka.Remote.Serialization;

namespace Akka.Remote.Transport;

/// <summary>
/// Actor paths and manifests recur on a connection, so that each is sent once and referred to by number from then on.
/// Both ends build the same table from the stream alone. It is bounded; what finds no room is sent in full.
/// </summary>
/// <remarks>
/// Encoding of one string: 0 = none; 1 = in full, not remembered; 2 = in full, remembered under the next number;
/// n = 3 + number of a remembered one.
/// </remarks>
internal sealed class OutboundStringTable
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

    public void Write(PayloadWriter writer, string? text, bool remember)
    {
        if (text is null)
        {
            writer.WriteVarUInt64(0);
        }
        else if (_numbers.TryGetValue(text, out var number))
        {
            writer.WriteVarUInt64((ulong)number + 3);
        }
        else if (remember && _numbers.Count < InboundStringTable.MaxEntries && text.Length <= InboundStringTable.MaxRememberedLength)
        {
            _numbers.Add(text, _numbers.Count);
            writer.WriteVarUInt64(2);
            writer.WriteString(text);
        }
        else
        {
            writer.WriteVarUInt64(1);
            writer.WriteString(text);
        }
    }
}

/// <summary>A remembered string with what the receiver made of it, so that a path is not resolved for every message.</summary>
internal sealed class InboundString(string text)
{
    public string Text { get; } = text;

    public object? Resolved { get; set; }
}

/// <summary>The receiving end of <see cref="OutboundStringTable"/>.</summary>
internal sealed class InboundStringTable
{
    public const int MaxEntries = 4096;
    public const int MaxRememberedLength = 512;

    private readonly List<InboundString> _entries = [];

    public InboundString? Read(ref PayloadReader reader)
    {
        var code = reader.ReadVarUInt64();
        switch (code)
        {
            case 0:
                return null;
            case 1:
                return new InboundString(reader.ReadString());
            case 2:
                if (_entries.Count >= MaxEntries)
                    throw new SerializationException($"The peer remembers more than {MaxEntries} strings.");
                var entry = new InboundString(reader.ReadString());
                if (entry.Text.Length > MaxRememberedLength)
                    throw new SerializationException($"The peer remembers a string of {entry.Text.Length} characters.");
                _entries.Add(entry);
                return entry;
            default:
                var index = code - 3;
                if (index >= (ulong)_entries.Count)
                    throw new SerializationException($"The peer refers to string {index} of {_entries.Count}.");
                return _entries[(int)index];
        }
    }
}
