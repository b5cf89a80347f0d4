namespace Akka.Cluster;

/// <summary>Stage of a member's life: Joining (WeaklyUp) Up Leaving Exiting Removed, or Down and Removed from any stage.</summary>
public enum MemberStatus
{
    Joining = 0,
    Up = 1,
    Leaving = 2,
    Exiting = 3,
    Down = 4,
    Removed = 5,
    WeaklyUp = 6,
}
