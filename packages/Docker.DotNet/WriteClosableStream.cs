namespace Microsoft.Net.Http.Client;

/// <summary>A stream whose writing half can be closed while the other is still read.</summary>
public abstract class WriteClosableStream : Stream
{
    public abstract bool CanCloseWrite { get; }

    public abstract void CloseWrite();
}
