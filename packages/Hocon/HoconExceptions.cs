namespace Hocon;

/// <summary>A value that is missing or cannot be read as the type asked for.</summary>
public class HoconException : Exception
{
    public HoconException(string message) : base(message) { }

    public HoconException(string message, Exception innerException) : base(message, innerException) { }
}

/// <summary>A text that is not HOCON, or a substitution without a value. Names the line and position, both from 1.</summary>
public class HoconParserException : HoconException
{
    public HoconParserException(string message) : base(message) { }

    public HoconParserException(string message, Exception innerException) : base(message, innerException) { }

    internal HoconParserException(string message, int line, int position, string origin)
        : base($"{message} (line {line}, position {position}{(origin is null ? "" : ", in " + origin)})")
    {
        LineNumber = line;
        LinePosition = position;
    }

    /// <summary>Line of the fault, from 1; 0 when unknown.</summary>
    public int LineNumber { get; }

    /// <summary>Position in the line, from 1; 0 when unknown.</summary>
    public int LinePosition { get; }
}
