using System.IO.Pipelines;
using System.Text;

namespace Orchestrator.Node.Runtime.Hollow;

/// <summary>The commands that can be run in a simulated container: enough to try clients and streams with many nodes.</summary>
/// <remarks><c>true</c>, <c>false</c>, <c>exit N</c>, <c>echo</c>, <c>hostname</c> and <c>cat</c>; any other ends with 126.</remarks>
internal static class HollowCommand
{
    public static async Task<int> RunAsync(ContainerState container, ExecRequest request, ExecStreams streams, CancellationToken cancellationToken)
    {
        var words = request.Command;
        switch (words[0])
        {
            case "true": return 0;
            case "false": return 1;
            case "exit": return words.Length > 1 && byte.TryParse(words[1], out var code) ? code : 0;
            case "echo":
                await SayAsync(streams.Stdout, string.Join(' ', words.Skip(1)), cancellationToken).ConfigureAwait(false);
                return 0;
            case "hostname":
                await SayAsync(streams.Stdout, container.Pod.Name, cancellationToken).ConfigureAwait(false);
                return 0;
            case "cat" when words.Length == 1:
                if (streams.Stdin is { } input) await input.CopyToAsync(streams.Stdout ?? Stream.Null, cancellationToken).ConfigureAwait(false);
                return 0;
            default:
                await SayAsync(streams.Stderr ?? streams.Stdout, $"this container is simulated: {words[0]} cannot run in it", cancellationToken).ConfigureAwait(false);
                return 126;
        }
    }

    /// <summary>A connection that sends back what it is sent.</summary>
    public static Stream Echo()
    {
        var pipe = new Pipe(new PipeOptions(useSynchronizationContext: false));
        return new EchoStream(pipe.Reader.AsStream(), pipe.Writer.AsStream());
    }

    private static async Task SayAsync(Stream? to, string text, CancellationToken cancellationToken)
    {
        if (to is null) return;
        await to.WriteAsync(Encoding.UTF8.GetBytes(text + "\n"), cancellationToken).ConfigureAwait(false);
        await to.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private sealed class EchoStream(Stream reader, Stream writer) : UnseekableStream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override Task FlushAsync(CancellationToken cancellationToken) => writer.FlushAsync(cancellationToken);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => reader.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => writer.WriteAsync(buffer, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                writer.Dispose();
                reader.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}
