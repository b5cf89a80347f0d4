using Akka.Configuration;

namespace Akka.Cluster.Sharding;

/// <summary>Times and bounds of sharding.</summary>
public class TuningParameters
{
    /// <summary>All of them.</summary>
    public TuningParameters(
        TimeSpan coordinatorFailureBackoff, TimeSpan retryInterval, int bufferSize, TimeSpan handOffTimeout, TimeSpan shardStartTimeout,
        TimeSpan shardFailureBackoff, TimeSpan entityRestartBackoff, TimeSpan rebalanceInterval, int snapshotAfter, int keepNrOfBatches,
        int leastShardAllocationRebalanceThreshold, int leastShardAllocationMaxSimultaneousRebalance, TimeSpan waitingForStateTimeout,
        TimeSpan updatingStateTimeout, string entityRecoveryStrategy, TimeSpan entityRecoveryConstantRateStrategyFrequency,
        int entityRecoveryConstantRateStrategyNumberOfEntities, int coordinatorStateWriteMajorityPlus, int coordinatorStateReadMajorityPlus,
        int leastShardAllocationAbsoluteLimit, double leastShardAllocationRelativeLimit)
    {
        if (entityRecoveryStrategy is not ("all" or "constant"))
        {
            throw new ArgumentException($"Unknown entity-recovery-strategy [{entityRecoveryStrategy}]: all or constant");
        }
        CoordinatorFailureBackoff = coordinatorFailureBackoff;
        RetryInterval = retryInterval;
        BufferSize = bufferSize;
        HandOffTimeout = handOffTimeout;
        ShardStartTimeout = shardStartTimeout;
        ShardFailureBackoff = shardFailureBackoff;
        EntityRestartBackoff = entityRestartBackoff;
        RebalanceInterval = rebalanceInterval;
        SnapshotAfter = snapshotAfter;
        KeepNrOfBatches = keepNrOfBatches;
        LeastShardAllocationRebalanceThreshold = leastShardAllocationRebalanceThreshold;
        LeastShardAllocationMaxSimultaneousRebalance = leastShardAllocationMaxSimultaneousRebalance;
        WaitingForStateTimeout = waitingForStateTimeout;
        UpdatingStateTimeout = updatingStateTimeout;
        EntityRecoveryStrategy = entityRecoveryStrategy;
        EntityRecoveryConstantRateStrategyFrequency = entityRecoveryConstantRateStrategyFrequency;
        EntityRecoveryConstantRateStrategyNumberOfEntities = entityRecoveryConstantRateStrategyNumberOfEntities;
        CoordinatorStateWriteMajorityPlus = coordinatorStateWriteMajorityPlus;
        CoordinatorStateReadMajorityPlus = coordinatorStateReadMajorityPlus;
        LeastShardAllocationAbsoluteLimit = leastShardAllocationAbsoluteLimit;
        LeastShardAllocationRelativeLimit = leastShardAllocationRelativeLimit;
    }

    /// <summary>How long the coordinator stays down after a failure of its journal.</summary>
    public readonly TimeSpan CoordinatorFailureBackoff;

    /// <summary>How often a region asks again for what it got no answer to.</summary>
    public readonly TimeSpan RetryInterval;

    /// <summary>Most messages that a region keeps while it does not know where they go (count); more are dropped.</summary>
    public readonly int BufferSize;

    /// <summary>How long the entities of a shard that moves may take to stop.</summary>
    public readonly TimeSpan HandOffTimeout;

    /// <summary>How long a region may take to start a shard before it is told again.</summary>
    public readonly TimeSpan ShardStartTimeout;

    /// <summary>How long a failed shard with remembered entities stays down.</summary>
    public readonly TimeSpan ShardFailureBackoff;

    /// <summary>How long a remembered entity that stopped by itself stays down.</summary>
    public readonly TimeSpan EntityRestartBackoff;

    /// <summary>How often it is decided which shards move.</summary>
    public readonly TimeSpan RebalanceInterval;

    /// <summary>Events between snapshots of the coordinator (count).</summary>
    public readonly int SnapshotAfter;

    /// <summary>Batches of events kept before the newest snapshot (count).</summary>
    public readonly int KeepNrOfBatches;

    /// <summary>Difference between the fullest and the emptiest region that is tolerated (shards).</summary>
    public readonly int LeastShardAllocationRebalanceThreshold;

    /// <summary>Shards that move at the same time (count).</summary>
    public readonly int LeastShardAllocationMaxSimultaneousRebalance;

    /// <summary>Not used with the coordinator's state in the journal.</summary>
    public readonly TimeSpan WaitingForStateTimeout;

    /// <summary>Not used with the coordinator's state in the journal.</summary>
    public readonly TimeSpan UpdatingStateTimeout;

    /// <summary>all: remembered entities start at once. constant: some at a time.</summary>
    public readonly string EntityRecoveryStrategy;

    /// <summary>Time between two groups of the constant strategy.</summary>
    public readonly TimeSpan EntityRecoveryConstantRateStrategyFrequency;

    /// <summary>Entities in a group of the constant strategy (count).</summary>
    public readonly int EntityRecoveryConstantRateStrategyNumberOfEntities;

    /// <summary>Not used with the coordinator's state in the journal.</summary>
    public readonly int CoordinatorStateWriteMajorityPlus;

    /// <summary>Not used with the coordinator's state in the journal.</summary>
    public readonly int CoordinatorStateReadMajorityPlus;

    /// <summary>Most shards that move in a round (count); 0 for the older strategy with a threshold.</summary>
    public readonly int LeastShardAllocationAbsoluteLimit;

    /// <summary>Most shards that move in a round (share of all).</summary>
    public readonly double LeastShardAllocationRelativeLimit;

    internal static TuningParameters Create(Config config) => new(
        Time(config, "coordinator-failure-backoff", 5),
        Time(config, "retry-interval", 2),
        config.GetInt("buffer-size", 100000),
        Time(config, "handoff-timeout", 60),
        Time(config, "shard-start-timeout", 10),
        Time(config, "shard-failure-backoff", 10),
        Time(config, "entity-restart-backoff", 10),
        Time(config, "rebalance-interval", 10),
        config.GetInt("snapshot-after", 1000),
        config.GetInt("keep-nr-of-batches", 2),
        config.GetInt("least-shard-allocation-strategy.rebalance-threshold", 1),
        config.GetInt("least-shard-allocation-strategy.max-simultaneous-rebalance", 3),
        Time(config, "waiting-for-state-timeout", 2),
        Time(config, "updating-state-timeout", 5),
        config.GetString("entity-recovery-strategy", "all"),
        config.GetTimeSpan("entity-recovery-constant-rate-strategy.frequency", TimeSpan.FromMilliseconds(100)),
        config.GetInt("entity-recovery-constant-rate-strategy.number-of-entities", 5),
        config.GetInt("coordinator-state.write-majority-plus", 3),
        config.GetInt("coordinator-state.read-majority-plus", 5),
        config.GetInt("least-shard-allocation-strategy.rebalance-absolute-limit", 0),
        config.GetDouble("least-shard-allocation-strategy.rebalance-relative-limit", 0.1));

    private static TimeSpan Time(Config config, string key, int seconds) => config.GetTimeSpan(key, TimeSpan.FromSeconds(seconds));

    /// <summary>The same with another <see cref="CoordinatorFailureBackoff"/>.</summary>
    public TuningParameters WithCoordinatorFailureBackoff(TimeSpan coordinatorFailureBackoff) => Copy(coordinatorFailureBackoff: coordinatorFailureBackoff);

    /// <summary>The same with another <see cref="RetryInterval"/>.</summary>
    public TuningParameters WithRetryInterval(TimeSpan retryInterval) => Copy(retryInterval: retryInterval);

    /// <summary>The same with another <see cref="BufferSize"/>.</summary>
    public TuningParameters WithBufferSize(int bufferSize) => Copy(bufferSize: bufferSize);

    /// <summary>The same with another <see cref="HandOffTimeout"/>.</summary>
    public TuningParameters WithHandOffTimeout(TimeSpan handOffTimeout) => Copy(handOffTimeout: handOffTimeout);

    /// <summary>The same with another <see cref="ShardStartTimeout"/>.</summary>
    public TuningParameters WithShardStartTimeout(TimeSpan shardStartTimeout) => Copy(shardStartTimeout: shardStartTimeout);

    /// <summary>The same with another <see cref="ShardFailureBackoff"/>.</summary>
    public TuningParameters WithShardFailureBackoff(TimeSpan shardFailureBackoff) => Copy(shardFailureBackoff: shardFailureBackoff);

    /// <summary>The same with another <see cref="EntityRestartBackoff"/>.</summary>
    public TuningParameters WithEntityRestartBackoff(TimeSpan entityRestartBackoff) => Copy(entityRestartBackoff: entityRestartBackoff);

    /// <summary>The same with another <see cref="RebalanceInterval"/>.</summary>
    public TuningParameters WithRebalanceInterval(TimeSpan rebalanceInterval) => Copy(rebalanceInterval: rebalanceInterval);

    /// <summary>The same with another <see cref="SnapshotAfter"/>.</summary>
    public TuningParameters WithSnapshotAfter(int snapshotAfter) => Copy(snapshotAfter: snapshotAfter);

    /// <summary>The same with another <see cref="KeepNrOfBatches"/>.</summary>
    public TuningParameters WithKeepNrOfBatches(int keepNrOfBatches) => Copy(keepNrOfBatches: keepNrOfBatches);

    private TuningParameters Copy(
        TimeSpan? coordinatorFailureBackoff = null, TimeSpan? retryInterval = null, int? bufferSize = null, TimeSpan?
        handOffTimeout = null, TimeSpan? shardStartTimeout = null, TimeSpan? shardFailureBackoff = null, TimeSpan?
        entityRestartBackoff = null, TimeSpan? rebalanceInterval = null, int? snapshotAfter = null, int? keepNrOfBatches = null) =>
        new(
            coordinatorFailureBackoff ?? CoordinatorFailureBackoff, retryInterval ?? RetryInterval, bufferSize ?? BufferSize,
            handOffTimeout ?? HandOffTimeout, shardStartTimeout ?? ShardStartTimeout, shardFailureBackoff ??
            ShardFailureBackoff, entityRestartBackoff ?? EntityRestartBackoff, rebalanceInterval ?? RebalanceInterval,
            snapshotAfter ?? SnapshotAfter, keepNrOfBatches ?? KeepNrOfBatches, LeastShardAllocationRebalanceThreshold,
            LeastShardAllocationMaxSimultaneousRebalance, WaitingForStateTimeout, UpdatingStateTimeout, EntityRecoveryStrategy,
            EntityRecoveryConstantRateStrategyFrequency, EntityRecoveryConstantRateStrategyNumberOfEntities,
            CoordinatorStateWriteMajorityPlus, CoordinatorStateReadMajorityPlus, LeastShardAllocationAbsoluteLimit,
            LeastShardAllocationRelativeLimit);
}
