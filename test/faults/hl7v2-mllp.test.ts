import { describeFaults } from './describe-faults.ts';

describeFaults('hl7v2-mllp');
