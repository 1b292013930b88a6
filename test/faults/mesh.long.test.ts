import { describeFaults } from './describe-faults.ts';

// Between the broker and MESH; the recipient looks into its mailbox, and the broker into its own. Twenty seconds, as the other roads take: it runs with the long ones.
describeFaults('mesh');
