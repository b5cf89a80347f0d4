namespace Orchestrator.Actors.Scheduling.Plugins;

/// <summary>Prefers nodes that have the pod's images, the larger the better.</summary>
/// <remarks>Source: kube-scheduler, ImageLocality: 23 MB of images count as nothing, 1000 MB per container as all.</remarks>
public sealed class ImageLocality : IScorePlugin
{
    private const long LeastBytes = 23L * 1024 * 1024;
    private const long MostBytesPerContainer = 1000L * 1024 * 1024;

    public string Name => "ImageLocality";

    public int Weight => 1;

    public ScoreScale Scale => ScoreScale.Absolute;

    public long Score(PodToPlace pod, NodeSnapshot node)
    {
        if (node.Node.Images.IsEmpty) return 0;
        long bytes = 0;
        foreach (var image in pod.View.Images)
            bytes += node.Node.Images.TryGetValue(image, out var size) || node.Node.Images.TryGetValue(image + ":latest", out size) ? size : 0;
        var most = MostBytesPerContainer * Math.Max(1, pod.View.Images.Length);
        return 100 * (Math.Clamp(bytes, LeastBytes, most) - LeastBytes) / (most - LeastBytes);
    }
}
